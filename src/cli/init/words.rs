//! Words of people in other languages: of the shell, of `.env`, of YAML and of TOML.

/// A word that a shell reads as it is.
pub fn for_shell(word: &str) -> String {
    match is_plain(word) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// A value that Docker Compose reads from `.env` as it is.
pub fn for_env(value: &str) -> String {
    if value.is_empty() || is_plain(value) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\"").replace('$', r"\$"))
}

/// A text that Docker Compose reads from a YAML file as it is: its variables begin with `$`.
pub fn for_compose(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('$', "$$")
}

/// A text in TOML, on one line.
pub fn for_toml(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// Whether no language takes any of it for something else.
fn is_plain(word: &str) -> bool {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "/._-+@:,".contains(character);
    !word.is_empty() && word.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "/srv/it's \"$HOME\" `id` \\ #규정";

    #[test]
    fn plain_words_stay_plain() {
        for word in ["/srv/share", "bge-m3", "a:b,c@d"] {
            assert_eq!((for_shell(word), for_env(word)), (word.to_owned(), word.to_owned()));
        }
        assert_eq!((for_shell(""), for_env("")), ("''".to_owned(), String::new()));
    }

    #[test]
    fn hostile_words_mean_themselves() {
        let command = format!("printf %s {}", for_shell(HOSTILE));
        let output = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), HOSTILE);
        let toml: toml::Table = format!("path = {}", for_toml(HOSTILE)).parse().unwrap();
        assert_eq!(toml["path"].as_str(), Some(HOSTILE));
        // What Docker Compose makes of these two is tested with its own program, in validate-deploy.
        assert_eq!(for_env("a'$b\"\\"), r#""a'\$b\"\\""#);
        assert_eq!(for_compose("a'$b\"\\"), r#""a'$$b\"\\""#);
    }
}
