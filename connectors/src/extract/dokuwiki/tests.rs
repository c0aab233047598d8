//! What becomes of pages of DokuWiki.

use super::*;
use crate::document::Place;
use crate::extract::Dialect;

fn outline(text: &str) -> Vec<(String, String, Place)> {
    let sections = read(text).sections.into_iter();
    sections.map(|it| (it.heading.join(" > "), it.text, it.place)).collect()
}

fn text(markup: &str) -> String {
    outline(markup).into_iter().map(|(_, text, _)| text).collect::<Vec<_>>().join("\n")
}

#[test]
fn headings_have_levels_by_their_signs_and_lines_hold() {
    let page = "~~NOTOC~~\n====== Leave ======\nAll.\n\n==== Carry-over ====\nFive\ndays\n===== Pay =====\nx";
    let part =
        |heading: &str, text: &str, line| (heading.to_owned(), text.to_owned(), Place::Line(line));
    let expected = [
        part("Leave", "All.", 3),
        part("Leave > Carry-over", "Five\ndays", 6),
        part("Leave > Pay", "x", 9),
    ];
    assert_eq!(outline(page), expected);
    assert_eq!(read(page).title.as_deref(), Some("Leave"));
}

#[test]
fn marks_around_words_are_dropped() {
    assert_eq!(
        text("**bold** //it// __u__ ''mono'' <del>old</del> a\\\\ b"),
        "bold it u mono old a b"
    );
    assert_eq!(
        text("a ** b // c 5 * 3 http://x.org/a__b__c"),
        "a ** b // c 5 * 3 http://x.org/a__b__c"
    );
    assert_eq!(text("See//https://x.org// now"), "Seehttps://x.org now");
    assert_eq!(text("Word((a note)) ends<WRAP center>x</WRAP>"), "Word (a note) endsx");
}

#[test]
fn links_and_media_are_words() {
    assert_eq!(
        text("[[hr:leave_policy]] [[hr:pay|the pay]] [[a#some_part]]"),
        "leave policy the pay a some part"
    );
    assert_eq!(
        text("[[https://x.org|X]] [[doku>acl|control]] [[me@x.org]]"),
        "X (https://x.org) control me@x.org"
    );
    assert_eq!(text("{{wiki:plan.png?200 |The plan}} {{a:b.pdf }}"), "The plan b.pdf");
    assert_eq!(text("[[page|{{a.png|pic}}]]"), "pic");
}

#[test]
fn code_is_not_markup() {
    let page = "<code php run.php>\n====== no ======\n**a** [[b|c]]\n</code>\n**x** %%**y**%%\n  indented **z**\n  * **item**";
    let expected =
        "run.php\n====== no ======\n**a** [[b|c]]\n\nx **y**\n  indented **z**\n  * item";
    assert_eq!(text(page), expected);
    assert_eq!(text("50%% of <code>**x**</code>"), "50%% of **x**");
}

#[test]
fn cells_keep_their_headers() {
    let page = "^ Name ^ Days ^^\n| Kim | 5 | [[a|six]] |\n| ::: | 7 | |\n\n^ Owner | Lee |\n^ Due | May |";
    let expected =
        "Name; Days\nName: Kim; Days: 5; Days: six\nName: Kim; Days: 7\n\nOwner: Lee\nDue: May";
    assert_eq!(text(page), expected);
    assert_eq!(text("^ ^ A ^\n^ x | 1 |"), "A\nx: A: 1");
    assert_eq!(text("| %%a|b%% | <nowiki>**c|d**</nowiki> |"), "a|b; **c|d**");
}

#[test]
fn namespaces_lead_to_the_page_and_its_name_may_be_its_title() {
    let page = |path: &str, text: &str| {
        let input = Input { dialect: Dialect::DokuWiki, ..Input::new(path, text.as_bytes()) };
        read_page(&input, text)
    };
    let read = page("wiki/data/pages/human_resources/leave.txt", "== A ==\nx").unwrap();
    assert_eq!(read.sections[0].heading, ["human resources", "A"]);
    let named = page("%ED%9C%B4%EA%B0%80/start.txt", "x").unwrap();
    assert_eq!(
        (named.title.as_deref(), named.sections[0].heading.as_slice()),
        (Some("휴가"), &["휴가".to_owned()][..])
    );
    assert!(matches!(page("data/attic/x.1.txt", "x"), Err(Reason::Skipped(_))));
}

#[test]
fn tags_are_metadata() {
    assert_eq!(read("{{tag>hr leave}}\nx").metadata["tags"], "hr, leave");
}

#[test]
fn only_what_is_plainly_a_page_is_taken_for_one() {
    assert!(is_likely("\n====== Title ======\n\n[[link]]\n"));
    for other in [
        "====== \nReport\n======\n[[x]]",
        "====== A ====== B ======\n[[",
        "Title\n====== x ======\n[[",
        "====== Only ======\ntext",
    ] {
        assert!(!is_likely(other), "{other}");
    }
}

#[test]
fn hostile_pages_cost_neither_time_nor_room() {
    for part in ["**", "//", "[[", "{{", "((", "<", "~~", "%%", "^", "|", "<code>", "://", "**a//"]
    {
        assert!(text(&part.repeat(40_000)).len() <= 400_000, "{part}");
    }
    let page = format!("^ {} ^ b ^\n{}", "h".repeat(5000), "| 1 | 2 |\n".repeat(100_000));
    assert!(text(&page).len() < page.len() * 4 + 3 * 1024 * 1024);
}
