//! Whether somebody has a file open for writing, as far as the system lets us see.

use std::path::Path;

/// Whether a process that we may look at has this file open for writing.
///
/// Says no where the system does not tell, as for writers on other machines.
pub fn is_being_written(path: &Path) -> bool {
    let Ok(path) = std::fs::canonicalize(path) else { return false };
    let Ok(processes) = std::fs::read_dir("/proc") else { return false };
    let own = std::process::id().to_string();
    processes.flatten().any(|process| {
        let name = process.file_name();
        let is_process = name.as_encoded_bytes().iter().all(u8::is_ascii_digit);
        is_process && name.to_str() != Some(&own) && writes(&process.path(), &path)
    })
}

fn writes(process: &Path, path: &Path) -> bool {
    let Ok(files) = std::fs::read_dir(process.join("fd")) else { return false };
    files.flatten().any(|file| {
        std::fs::read_link(file.path()).is_ok_and(|target| target == path)
            && is_open_for_writing(&process.join("fdinfo").join(file.file_name()))
    })
}

/// The last octal digit of `flags` is the way in which the file was opened: 0 is reading.
fn is_open_for_writing(description: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(description) else { return false };
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    flags.is_some_and(|flags| matches!(flags.trim().as_bytes().last(), Some(b'1' | b'2')))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_file_that_another_process_writes_is_told_from_one_that_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.txt");
        let open = |sign: &str| {
            let script = format!("exec 3{sign}\"$0\"; echo ready; read end");
            let mut child = Command::new("sh")
                .args(["-c", &script, file.to_str().unwrap()])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut line = [0; 6];
            std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut line).unwrap();
            let seen = is_being_written(&file);
            drop(child.stdin.take());
            child.wait().unwrap();
            seen
        };
        assert!(open(">>"));
        assert!(!open("<"));
        assert!(!is_being_written(&file));
    }
}
