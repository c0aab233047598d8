//! Programs and files of the user: opening, copying, the history.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::task::spawn_blocking;

use crate::history::{self, Entry};
use crate::message::Message;
use crate::opening::Opening;
use crate::screen::MAX_COPIED_BYTES;
use crate::text::{clean_line, cut};

/// How long a program of the desktop may take to say that it cannot.
const PATIENCE: Duration = Duration::from_secs(20);

/// Opens a document with the desktop's own program; an editor needs the terminal, and is not run here.
pub async fn open(opening: Opening) -> Option<Message> {
    let Opening::Desktop(target) = opening else { return None };
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let told = cut(&clean_line(&target), 60);
    let child = Command::new(program)
        .arg(&target)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            return Some(Message::Done(Err(format!("cannot open {told}: `{program}`: {error}"))));
        }
    };
    // One that still runs then has opened it.
    let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
    Some(Message::Done(match ended {
        Ok(Ok(status)) if !status.success() => {
            Err(format!("cannot open {told}: `{program}` gave up ({status})"))
        }
        _ => Ok(format!("opened {told}")),
    }))
}

/// Gives a text to the desktop's clipboard, where there is one; the terminal's own is told apart.
pub async fn copy(text: String) -> Option<Message> {
    let mut is_taken = text.len() <= MAX_COPIED_BYTES;
    for (variable, program, arguments) in [
        ("WAYLAND_DISPLAY", "wl-copy", &[][..]),
        ("DISPLAY", "xclip", &["-selection", "clipboard"][..]),
    ] {
        if std::env::var_os(variable).is_some() && pipe(program, arguments, &text).await {
            is_taken = true;
            break;
        }
    }
    if cfg!(target_os = "macos") {
        is_taken |= pipe("pbcopy", &[], &text).await;
    }
    Some(Message::Done(match is_taken {
        true => Ok(format!("copied {}", cut(&clean_line(&text), 60))),
        false => Err(format!("{} bytes are more than the terminal's clipboard takes", text.len())),
    }))
}

async fn pipe(program: &str, arguments: &[&str], text: &str) -> bool {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return false };
    let Some(mut input) = child.stdin.take() else { return false };
    let given = async {
        input.write_all(text.as_bytes()).await?;
        drop(input);
        child.wait().await
    };
    matches!(tokio::time::timeout(PATIENCE, given).await, Ok(Ok(status)) if status.success())
}

/// Reads the history.
pub async fn recall(path: PathBuf) -> Option<Message> {
    let told = path.display().to_string();
    match spawn_blocking(move || history::load(&path)).await.ok()? {
        Ok(entries) => Some(Message::Remembered(entries)),
        Err(error) => {
            Some(Message::Done(Err(format!("cannot read the history in {told}: {error}"))))
        }
    }
}

/// Adds to the history.
pub async fn remember(path: PathBuf, entry: Entry) -> Option<Message> {
    let told = path.display().to_string();
    match spawn_blocking(move || history::append(&path, &entry)).await.ok()? {
        Ok(()) => None,
        Err(error) => {
            Some(Message::Done(Err(format!("cannot write the history to {told}: {error}"))))
        }
    }
}
