//! The configuration as it goes into a backup: everything that is set, but no secret.

use toml::{Table, Value};

use crate::config::{CatalogUrl, Loaded, Origin, Secret, Setting};

/// Names of keys that hold secrets end with one of these.
const SECRETS: [&str; 5] = ["api_key", "token", "password", "secret", "passphrase"];

const PREAMBLE: &str = "\
# The configuration that was in force when this backup was made, with what RAGTERM_* variables set.
# Left out, to be set again: keys, tokens and passwords, and where the catalog was.
";

/// Everything that is set, as a file of TOML.
pub(super) fn without_secrets(loaded: &Loaded) -> String {
    let mut root = Table::new();
    let mut left_out = Vec::new();
    for setting in loaded.settings.iter().filter(|setting| setting.origin != Origin::Default) {
        if is_secret(setting) {
            left_out.push(setting.key.as_str());
            continue;
        }
        let parsed = format!("value = {}", setting.value).parse::<Table>().ok();
        if let Some(value) = parsed.and_then(|mut table| table.remove("value")) {
            insert(&mut root, &setting.key, without_password(value));
        }
    }
    let mut text = PREAMBLE.to_owned();
    for key in left_out {
        text.push_str(&format!("#   {key}\n"));
    }
    if let CatalogUrl::Postgres(Secret::Value(url)) = &loaded.config.catalog.url {
        // On one line, whatever is in it.
        text.push_str(&format!("# The catalog was at {}\n", one_line(&hidden(url))));
    }
    text.push('\n');
    // Tables and values of TOML are always such again.
    text.push_str(&toml::to_string(&root).unwrap_or_default());
    text
}

/// Where the catalog lies is said where it is restored; its URL is read as a secret anyway.
fn is_secret(setting: &Setting) -> bool {
    let is_dots = setting.value == "\"…\"";
    is_dots
        || setting.key.starts_with("catalog.")
        || SECRETS.iter().any(|ending| setting.key.ends_with(ending))
}

/// Sets `sources[0].path` and the like; lists are filled in order.
fn insert(table: &mut Table, key: &str, value: Value) {
    let Some((first, rest)) = key.split_once('.') else {
        table.insert(key.to_owned(), value);
        return;
    };
    let below = match first.strip_suffix(']').and_then(|first| first.split_once('[')) {
        None => table.entry(first).or_insert_with(|| Value::Table(Table::new())),
        Some((name, index)) => {
            let list = table.entry(name).or_insert_with(|| Value::Array(Vec::new()));
            let Value::Array(list) = list else { return };
            let index: usize = index.parse().unwrap_or_default();
            // One that set nothing keeps its place.
            while list.len() <= index && list.len() < MAX_LIST {
                list.push(Value::Table(Table::new()));
            }
            let Some(below) = list.get_mut(index) else { return };
            below
        }
    };
    if let Value::Table(below) = below {
        insert(below, rest, value);
    }
}

/// No list of a configuration is longer.
const MAX_LIST: usize = 100_000;

fn without_password(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(hidden(&text)),
        Value::Array(list) => Value::Array(list.into_iter().map(without_password).collect()),
        other => other,
    }
}

/// A text without the password of a URL that it is.
fn hidden(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{user}@{host}")
        }
        None => authority.to_owned(),
    };
    let is_open = |pair: &&str| {
        let key = pair.split('=').next().unwrap_or_default().to_lowercase();
        !["password", "token", "key", "secret"].iter().any(|word| key.contains(word))
    };
    let path = match path.split_once('?') {
        None => path.to_owned(),
        Some((path, query)) => {
            let open: Vec<&str> = query.split('&').filter(is_open).collect();
            let mark = if open.is_empty() { "" } else { "?" };
            format!("{path}{mark}{}", open.join("&"))
        }
    };
    format!("{scheme}://{authority}{path}")
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Inputs};

    fn load(text: &str, variables: &[(&str, &str)]) -> Loaded {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), value.into()));
        let inputs =
            Inputs { text: text.into(), variables: variables.collect(), ..Inputs::default() };
        Config::load(&inputs).unwrap()
    }

    #[test]
    fn everything_that_is_set_is_kept_but_no_secret() {
        let text = "[catalog]\nurl = 'postgres://kim:sesame-1@db/rag?sslmode=require'\n\
             [embedder]\nprovider = 'openai'\nmodel = 'm'\nurl = 'http://gpu/v1'\n\
             api_key = 'sesame-2'\n[slack]\napp_token = 'sesame-3'\n\
             [[sources]]\nname = 'a'\npath = '/srv/a'\nexclude = ['x', 'y']\n\
             [[sources]]\nname = 'b'\npath = '/srv/b'\n[search.weights]\nkeyword = 0.75\n";
        let variables = [("RAGTERM_STORE__API_KEY", "sesame-4"), ("RAGTERM_SEARCH__LIMIT", "7")];
        let loaded = load(text, &variables);
        let kept = without_secrets(&loaded);
        assert!(!kept.contains("sesame"), "{kept}");
        assert!(kept.contains("#   slack.app_token\n"), "{kept}");
        assert!(kept.contains("# The catalog was at postgres://kim@db/rag?sslmode=require\n"));
        let again = load(&kept, &[]).config;
        assert_eq!(again.sources, loaded.config.sources);
        assert_eq!(again.search, loaded.config.search);
        assert_eq!(again.embedder.url, "http://gpu/v1");
        assert_eq!(again.catalog.url, CatalogUrl::Sqlite);
    }

    #[test]
    fn passwords_in_urls_are_dropped() {
        for (url, without) in [
            ("postgres://kim:se@same@db:5/x", "postgres://kim@db:5/x"),
            ("https://h/p?api_key=1&a=b", "https://h/p?a=b"),
            ("https://h/p?password=1", "https://h/p"),
            ("no url: at all", "no url: at all"),
        ] {
            assert_eq!(hidden(url), without);
        }
    }
}
