//! Takes the force out of what documents may hold: mentions that would call people, links that hide
//! where they lead.

/// Shown as nothing, but ends what a platform would read as a mention.
const JOINER: char = '\u{2060}';

/// Words that call everyone after an `@`.
const CALLS: [&str; 4] = ["everyone", "here", "channel", "group"];

/// `text` with every mention broken (`@here`, `<@U1>`, `<!channel>`, `<#C1>`, `</name:1>`, `<t:1>`);
/// it reads as before.
pub fn neutral(text: &str) -> String {
    let mut calm = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        calm.push(c);
        let rest = &text[at + c.len_utf8()..];
        let is_mention = match c {
            '@' => CALLS.iter().any(|call| starts_with_word(rest, call)),
            '<' => rest.starts_with(['@', '!', '#', '/', ':', 'a', 't', 'i']) && has_close(rest),
            _ => false,
        };
        if is_mention {
            calm.push(JOINER);
        }
    }
    calm
}

fn starts_with_word(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// Whether a `>` follows soon: a lone `<` is a comparison, and code keeps its look.
fn has_close(rest: &str) -> bool {
    rest.chars().take(120).take_while(|c| !c.is_whitespace()).any(|c| c == '>')
}

/// `text` with Markdown links `[label](target)` and images written out as `label (target)`, so that
/// a document cannot hide where a link leads.
pub fn unmasked(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        let Some((label, target, after)) = masked_link(&rest[open..]) else {
            plain.push_str(&rest[..=open]);
            rest = &rest[open + 1..];
            continue;
        };
        plain.push_str(rest[..open].strip_suffix('!').unwrap_or(&rest[..open]));
        if label == target || label.is_empty() {
            plain.push_str(target);
        } else {
            plain.push_str(&format!("{label} ({target})"));
        }
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// Label, target, and what follows, if `text` begins with a link.
fn masked_link(text: &str) -> Option<(&str, &str, &str)> {
    let close = text.find(']')?;
    let label = &text[1..close];
    let target = text[close + 1..].strip_prefix('(')?;
    let end = target.find(')')?;
    let is_link = !label.contains('\n') && !target[..end].contains('\n');
    let address = target[..end].split_whitespace().next().unwrap_or_default();
    let address = address.trim_start_matches('<').trim_end_matches('>');
    is_link.then_some((label, address, &target[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_are_broken_and_the_rest_stays() {
        for mention in ["@here", "@Everyone", "<!channel>", "<@U123>", "<@&5>", "<#C1>", "</ask:1>"]
        {
            let calm = neutral(&format!("see {mention} now"));
            assert!(!calm.contains(mention), "{mention} is whole in {calm}");
            assert_eq!(calm.replace(JOINER, ""), format!("see {mention} now"));
        }
        for plain in ["a < b and c > d", "me@example.org", "@ 5 euro", "if x <@ y"] {
            assert_eq!(neutral(plain), plain);
        }
    }

    #[test]
    fn links_show_where_they_lead() {
        assert_eq!(
            unmasked("Read [the policy](https://evil.example/x) [1] and ![a](b.png)"),
            "Read the policy (https://evil.example/x) [1] and a (b.png)"
        );
        assert_eq!(unmasked("[https://a.b](https://a.b)"), "https://a.b");
        assert_eq!(unmasked("[1] (see) [2]("), "[1] (see) [2](");
    }
}
