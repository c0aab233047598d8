//! Text for Discord: mentions and hidden links without force, no previews, nothing formatted by chance.

use crate::core::{neutral, unmasked};

/// How Discord counts lengths, at the worst.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Markdown of a model or a document, without force.
pub(super) fn calm(markdown: &str) -> String {
    without_previews(&neutral(&unmasked(markdown)))
}

/// Text that is no Markdown, such as a title, on one line, as it is.
pub(super) fn plain(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut escaped = String::with_capacity(line.len());
    for c in neutral(&line).chars() {
        if matches!(c, '\\' | '*' | '_' | '~' | '`' | '|' | '[' | ']' | '>' | '#') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The first `most` characters, with a mark if something is left out.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if length(text) <= most {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.len_utf16();
        if used > most {
            break;
        }
        short.push(c);
    }
    // A lone escape would take the mark with it.
    short.truncate(short.trim_end_matches('\\').len());
    short.push('…');
    short
}

/// Addresses in angle brackets, outside of code: Discord fetches nothing for those, so a document
/// cannot have it call an address.
fn without_previews(text: &str) -> String {
    let mut quiet = String::with_capacity(text.len() + 16);
    let mut rest = text;
    let mut before = ' ';
    while !rest.is_empty() {
        let taken = match (code(rest), address(rest)) {
            (Some(end), _) => {
                quiet.push_str(&rest[..end]);
                end
            }
            (None, Some(end)) if before != '<' => {
                quiet.push('<');
                quiet.push_str(&rest[..end]);
                quiet.push('>');
                end
            }
            _ => {
                let end = rest.chars().next().map_or(rest.len(), char::len_utf8);
                quiet.push_str(&rest[..end]);
                end
            }
        };
        before = rest[..taken].chars().next_back().unwrap_or(' ');
        rest = &rest[taken..];
    }
    quiet
}

/// The end of the code, or of the lone marks, that `text` begins with.
fn code(text: &str) -> Option<usize> {
    let ticks = text.bytes().take_while(|byte| *byte == b'`').count();
    if ticks == 0 {
        return None;
    }
    // What is not closed is no code.
    Some(text[ticks..].find(&text[..ticks]).map_or(ticks, |at| at + 2 * ticks))
}

/// The end of the address that `text` begins with.
fn address(text: &str) -> Option<usize> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })?;
    let ends =
        |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`' | '(' | ')' | '[' | ']');
    let end = text.find(ends).unwrap_or(text.len());
    let end = text[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_']).len();
    (end > scheme.len()).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_not_previewed_and_code_stays() {
        assert_eq!(calm("see https://a.example/x. Then"), "see <https://a.example/x>. Then");
        assert_eq!(calm("(https://a.example/x)"), "(<https://a.example/x>)");
        assert_eq!(calm("<https://a.example>"), "<https://a.example>");
        assert_eq!(calm("`curl https://a.example`"), "`curl https://a.example`");
        assert_eq!(calm("```\nhttps://a.example\n```"), "```\nhttps://a.example\n```");
        assert_eq!(calm("a ` b https://a.example"), "a ` b <https://a.example>");
        assert_eq!(calm("```\nhttps://a.example"), "```\n<https://a.example>");
        assert_eq!(calm("[click](https://a.example)"), "click (<https://a.example>)");
        assert_eq!(calm("한국어 HTTPS://a.example 끝"), "한국어 <HTTPS://a.example> 끝");
        assert_eq!(calm("https:// alone"), "https:// alone");
    }

    #[test]
    fn mentions_are_broken() {
        let text = calm("@everyone, <@7001>, <#5>, <@&9>");
        for mention in ["@everyone", "<@7001>", "<#5>", "<@&9>"] {
            assert!(!text.contains(mention), "{mention} is whole in {text}");
        }
    }

    #[test]
    fn titles_show_as_they_are_written() {
        assert_eq!(plain("a_b *c*\n[d](e)"), "a\\_b \\*c\\* \\[d\\](e)");
    }

    #[test]
    fn shortening_counts_as_discord_does_at_the_worst() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("abcd", 3), "ab…");
        assert_eq!(length(&shortened(&"😀".repeat(50), 20)), 19);
        assert_eq!(shortened("ab\\*", 4), "ab\\*");
        assert_eq!(shortened("ab\\*cde", 5), "ab\\*…");
        assert_eq!(shortened("ab\\*cde", 4), "ab…");
    }
}
