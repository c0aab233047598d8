//! Between Markdown and Slack's own marks: what the bot writes, and what people wrote to it.

use crate::core::{fence_mark, neutral, unmasked};

/// `markdown` as Slack's mrkdwn, with mentions and links of documents made harmless.
pub(super) fn mrkdwn(markdown: &str) -> String {
    let mut lines = Vec::new();
    let mut fence: Option<&str> = None;
    for line in markdown.lines() {
        match (fence, fence_mark(line)) {
            (None, Some(mark)) => {
                fence = Some(mark);
                lines.push("```".to_owned());
            }
            (Some(open), Some(mark)) if open == mark => {
                fence = None;
                lines.push("```".to_owned());
            }
            (Some(_), _) => lines.push(escaped(&neutral(line))),
            (None, None) => lines.push(block(line)),
        }
    }
    lines.join("\n")
}

/// Text of a document for one line of mrkdwn: nothing in it is a mark any more.
pub(super) fn plain(text: &str) -> String {
    let text = neutral(text).replace(['*', '_', '~', '`', '|'], " ");
    escaped(text.split_whitespace().collect::<Vec<_>>().join(" ").as_str())
}

/// The three characters that Slack wants written as entities.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn block(line: &str) -> String {
    let start = line.trim_start();
    let indent = &line[..line.len() - start.len()];
    let marks = start.chars().take_while(|c| *c == '#').count();
    if (1..=6).contains(&marks) && start[marks..].starts_with(' ') {
        let title = inline(start[marks..].trim().trim_end_matches('#').trim());
        return format!("*{}*", title.replace('*', ""));
    }
    if let Some(quote) = start.strip_prefix('>') {
        return format!(">{}", inline(quote));
    }
    match ["- ", "* ", "+ "].into_iter().find_map(|mark| start.strip_prefix(mark)) {
        Some(item) => format!("{indent}• {}", inline(item)),
        None => format!("{indent}{}", inline(start)),
    }
}

/// Text between backticks stays; the rest loses links and mentions and changes its marks.
fn inline(text: &str) -> String {
    let pieces: Vec<&str> = text.split('`').collect();
    let last = pieces.len() - 1;
    let mut out = String::new();
    for (n, piece) in pieces.iter().enumerate() {
        let is_code = n % 2 == 1 && n < last;
        if n > 0 {
            out.push('`');
        }
        if is_code {
            out.push_str(&escaped(&neutral(piece)));
        } else {
            out.push_str(&emphasis(&escaped(&neutral(&unmasked(piece)))));
        }
    }
    out
}

/// `**bold**` becomes `*bold*`, `*italic*` becomes `_italic_`, `~~gone~~` becomes `~gone~`.
fn emphasis(text: &str) -> String {
    const BOLD: &str = "\u{1}";
    let bold = paired(&paired(text, "**", BOLD), "__", BOLD);
    let italic = paired(&bold, "*", "_");
    paired(&italic, "~~", "~").replace(BOLD, "*")
}

/// Replaces each pair of `mark` that holds text by a pair of `by`.
fn paired(text: &str, mark: &str, by: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(mark) {
        let inside = after.split_once(mark).filter(|(inside, _)| holds_text(inside));
        out.push_str(before);
        match inside {
            Some((inside, behind)) => {
                out.push_str(&format!("{by}{inside}{by}"));
                rest = behind;
            }
            None => {
                out.push_str(mark);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// As in Markdown: a mark with a space behind it opens nothing.
fn holds_text(inside: &str) -> bool {
    !inside.is_empty()
        && !inside.starts_with(char::is_whitespace)
        && !inside.ends_with(char::is_whitespace)
}

/// What a person wrote, without Slack's marks and without the mention of the bot.
pub(super) fn written(text: &str, bot: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        let Some((inside, behind)) = after.split_once('>') else {
            out.push_str(after);
            rest = "";
            break;
        };
        out.push_str(&mark_in_words(inside, bot));
        rest = behind;
    }
    out.push_str(rest);
    let out = out.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    out.trim().to_owned()
}

fn mark_in_words(inside: &str, bot: &str) -> String {
    let (target, label) = inside.split_once('|').unwrap_or((inside, ""));
    match target.split_at_checked(1) {
        Some(("@", user)) if user == bot => String::new(),
        Some(("@", user)) => format!("@{}", if label.is_empty() { user } else { label }),
        Some(("#", channel)) => format!("#{}", if label.is_empty() { channel } else { label }),
        Some(("!", call)) => call.split('^').next().unwrap_or_default().to_owned(),
        _ if label.is_empty() => target.to_owned(),
        _ => label.to_owned(),
    }
}

/// Whether the text begins by speaking to someone who is not the bot.
pub(super) fn speaks_to_another(text: &str, bot: &str) -> bool {
    text.trim_start()
        .strip_prefix("<@")
        .and_then(|rest| rest.split(['>', '|']).next())
        .is_some_and(|user| user != bot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_mrkdwn() {
        for (markdown, expected) in [
            ("## Leave **policy**", "*Leave policy*"),
            ("**bold**, *italic*, __bold__, ~~gone~~", "*bold*, _italic_, *bold*, ~gone~"),
            ("- one\n  * two\n3. three", "• one\n  • two\n3. three"),
            ("2 * 3 * 4 and a_b_c", "2 * 3 * 4 and a_b_c"),
            ("use `a ** b` & `x<y`", "use `a ** b` &amp; `x&lt;y`"),
            ("```rust\nlet **x** = a & b;\n```", "```\nlet **x** = a &amp; b;\n```"),
            ("> quoted **text**", "> quoted *text*"),
            ("[the page](https://a.b/c) [1]", "the page (https://a.b/c) [1]"),
            ("15 days [1][2]", "15 days [1][2]"),
        ] {
            assert_eq!(mrkdwn(markdown), expected);
        }
    }

    #[test]
    fn documents_can_call_nobody() {
        let text = mrkdwn("ask <!channel>, @here, <@U123>, <#C1|x> or <https://evil.example|us>");
        for mark in ["<!", "<@", "<#", "<http", "@here"] {
            assert!(!text.contains(mark), "{mark} in {text}");
        }
        assert!(!plain("*Title* <!here> | `x`").contains(['*', '<', '|', '`']));
    }

    #[test]
    fn what_people_write_is_read_as_they_see_it() {
        assert_eq!(
            written(
                "<@UBOT> what does <#C1|general> say on <https://a.b|a.b> &amp; x &lt; y?",
                "UBOT"
            ),
            "what does #general say on a.b & x < y?"
        );
        assert!(speaks_to_another(" <@U2> did you see this?", "UBOT"));
        assert!(!speaks_to_another("<@UBOT> and <@U2>?", "UBOT"));
        assert!(!speaks_to_another("and part-timers?", "UBOT"));
    }
}
