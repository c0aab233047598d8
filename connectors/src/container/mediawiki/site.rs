//! What a wiki says of itself: its address and the names of its namespaces.

use std::collections::HashMap;
use std::fmt::Write;

pub(super) const FILE: i32 = 6;
pub(super) const CATEGORY: i32 = 14;

const MAX_NAMESPACES: usize = 1000;

/// Namespaces that extensions make for data, scripts and discussions.
const MACHINERY: [&str; 22] = [
    "author disambiguation",
    "cnbanner",
    "campaign",
    "concept",
    "data",
    "draft",
    "form",
    "gadget",
    "gadget definition",
    "graph",
    "item",
    "lexeme",
    "module",
    "property",
    "query",
    "smw/schema",
    "summary",
    "thread",
    "timedtext",
    "topic",
    "translations",
    "widget",
];

/// In the beginning of a redirect from before dumps marked them.
const REDIRECTS: [&str; 9] = [
    "redirect",
    "redirection",
    "redirección",
    "weiterleitung",
    "перенаправление",
    "넘겨주기",
    "転送",
    "重定向",
    "rinvia",
];

/// A wiki.
#[derive(Debug, Default)]
pub(super) struct Site {
    /// The address of its main page.
    pub base: String,
    names: HashMap<i32, String>,
    keys: HashMap<String, i32>,
}

impl Site {
    pub(super) fn add_namespace(&mut self, key: i32, name: &str) {
        if self.names.len() < MAX_NAMESPACES && !name.is_empty() {
            self.keys.insert(normal(name), key);
            self.names.insert(key, name.to_owned());
        }
    }

    /// The namespace that a prefix names in this wiki or in any; 0 for other words.
    pub(super) fn namespace(&self, prefix: &str) -> i32 {
        let prefix = normal(prefix);
        if let Some(key) = self.keys.get(&prefix) {
            return *key;
        }
        match prefix.as_str() {
            "media" => -2,
            "special" => -1,
            "talk" => 1,
            "user" => 2,
            "user talk" => 3,
            "project" => 4,
            "project talk" => 5,
            "file" | "image" => FILE,
            "file talk" | "image talk" => 7,
            "mediawiki" => 8,
            "mediawiki talk" => 9,
            "template" => 10,
            "template talk" => 11,
            "help" => 12,
            "help talk" => 13,
            "category" => CATEGORY,
            "category talk" => 15,
            _ => 0,
        }
    }

    /// The namespace of a page; dumps before version 0.6 only have it in the title.
    pub(super) fn namespace_of(&self, title: &str, stated: Option<i32>) -> i32 {
        let by_title = || title.split_once(':').map_or(0, |(prefix, _)| self.namespace(prefix));
        stated.unwrap_or_else(by_title)
    }

    /// Whether a page is meant for readers: articles, help, the project's own pages, categories and
    /// the namespaces of content that a wiki made for itself.
    pub(super) fn is_content(&self, title: &str, stated: Option<i32>) -> bool {
        match self.namespace_of(title, stated) {
            0 | 4 | 12 | CATEGORY => true,
            key if key < 100 || key % 2 != 0 || (2300..=2303).contains(&key) => false,
            key => {
                let name = self.names.get(&key).map(|name| normal(name)).unwrap_or_default();
                !MACHINERY.contains(&&*name) && !matches!(key, 118 | 486 | 710 | 828 | 1198 | 2600)
            }
        }
    }

    /// The address of a page.
    pub(super) fn url(&self, title: &str) -> String {
        let end = match (self.base.find("title="), self.base.rfind('/')) {
            (Some(parameter), _) => parameter + "title=".len(),
            (None, Some(slash)) => slash + 1,
            (None, None) => 0,
        };
        let mut url = self.base[..end].to_owned();
        for byte in title.bytes() {
            match byte {
                b' ' => url.push('_'),
                b'-' | b'_' | b'.' | b';' | b'@' | b'$' | b'!' | b'*' | b'(' | b')' | b','
                | b'/' | b'~' | b':' => url.push(char::from(byte)),
                _ if byte.is_ascii_alphanumeric() => url.push(char::from(byte)),
                // Writing to a string cannot fail.
                _ => drop(write!(url, "%{byte:02X}")),
            }
        }
        url
    }
}

/// The command before the link that a text begins with: `#REDIRECT [[Target]]`.
pub(super) fn command(text: &str) -> Option<&str> {
    let command = text.trim_start().strip_prefix(['#', '＃'])?;
    let (word, _) = command.split_once("[[")?;
    Some(word.trim().trim_end_matches(':').trim())
}

/// Whether a page with this command only leads to another one.
pub(super) fn is_redirect(command: &str) -> bool {
    command.len() < 60 && REDIRECTS.contains(&&*command.to_lowercase())
}

fn normal(name: &str) -> String {
    name.trim().replace('_', " ").to_lowercase()
}
