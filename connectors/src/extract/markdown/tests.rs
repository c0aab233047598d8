//! What becomes of the markup of wikis.

use super::*;
use crate::document::Place;

fn text(markdown: &str) -> String {
    let sections = read(markdown).sections;
    sections.into_iter().map(|section| section.text).collect::<Vec<_>>().join("\n")
}

fn tags(markdown: &str) -> Option<String> {
    read(markdown).metadata.remove("tags")
}

#[test]
fn links_are_words_and_the_page_behind_stands_at_the_end_of_the_line() {
    assert_eq!(
        text("See [[Leave policy]]에서, [[Pay#Bonus]]."),
        "See Leave policy에서, Pay > Bonus."
    );
    assert_eq!(
        text("Ask [[People/HR|the team]] or [[Kim|Kim Lee]] now.\nNext ![[plan.png|300]]"),
        "Ask the team or Kim Lee now. (People/HR)\nNext plan.png"
    );
    assert_eq!(text("| [[Leave\\|days off]] | x |"), "| days off | x | (Leave)");
    assert_eq!(text("![[Note#^ab12cd]] and [[2026-01-02]]"), "Note and 2026-01-02");
}

#[test]
fn what_only_looks_like_a_link_is_untouched() {
    for same in [
        "if [[ -f x ]]; then",
        "`[[a|b]]` and df[[\"x\"]] and m[[i|j]]",
        "[[docs|x]](https://example.com)",
        "[[1, 2], [3, 4]] and [[1]] and [[:alpha:]]",
        "```\n[[a|b]] %%c%% x ^abcd\n```",
        "\\[[a|b]]",
        "[[never\nclosed|x]]",
    ] {
        assert_eq!(text(same), same);
    }
}

#[test]
fn tags_join_those_of_the_front_matter() {
    let note = "---\ntags: [hr, '#Pay']\n---\n#hr/leave and #pay #급여\n# Heading\nend #x-1.\n";
    assert_eq!(tags(note).as_deref(), Some("hr, Pay, hr/leave, 급여"));
    let code = "#include <a>\n#123 color: #fff; #a1b2c3 a#b [x](#frag) `#code` C# \n#region x\n";
    assert_eq!(tags(code), None);
}

#[test]
fn comments_and_names_of_blocks_are_left_out_and_lines_hold() {
    let note =
        "one %%hidden%% two ^ab12cd\n%%\n# gone\nsecret\n%%\n# Next\nx ^2 y\n\n^block-name\nend";
    let document = read(note);
    let found: Vec<_> = document.sections.iter().map(|it| (it.text.as_str(), it.place)).collect();
    let expected = [("one  two", Place::Line(1)), ("x ^2 y\n\n\nend", Place::Line(7))];
    assert_eq!(found, expected);
}

#[test]
fn a_percent_sign_of_a_shell_or_without_end_is_text() {
    for same in ["for %%i in (a b) do echo %%i", "100%% sure, 50%% not", "%%\nnever closed"] {
        assert_eq!(text(same), same);
    }
}

#[test]
fn a_callout_keeps_its_title_in_words() {
    assert_eq!(text("> [!warning]- Take care\n> text"), "> warning: Take care\n> text");
    assert_eq!(text("> [!NOTE]\n> text"), "> [!NOTE]\n> text");
}

#[test]
fn links_in_headings_are_words_too() {
    let document = read("# About [[Page|it]]\n[[a|b]]\n## Sub [[Other]]\nend\n");
    let headings: Vec<_> = document.sections.iter().map(|it| it.heading.join(" > ")).collect();
    assert_eq!(headings, ["About it (Page)", "About it (Page) > Sub Other"]);
    assert_eq!(document.sections[1].place, Place::Line(4));
}

#[test]
fn a_page_of_a_wiki_has_its_name_as_its_title() {
    let title = |name: &str| read_page(name, "text").unwrap().title;
    assert_eq!(title("Getting-Started.md").as_deref(), Some("Getting Started"));
    assert_eq!((title("notes-of-may.md"), title("README.md")), (None, None));
    assert_eq!(read_page("A-B.md", "# Own").unwrap().title.as_deref(), Some("Own"));
    assert!(matches!(read_page("_Sidebar.md", "[[x]]"), Err(Reason::Skipped(_))));
}

#[test]
fn endless_openings_cost_no_time() {
    for part in ["[[", "%%x\n", "[[a|", "#", "^", "> [!a", "%%"] {
        let text = part.repeat(200_000);
        assert!(read(&text).sections.len() <= 1, "{part}");
    }
}

#[test]
fn the_number_of_lines_never_changes() {
    let pieces = [
        "[[a|b]]", "%%", "\n", "# x", "^abcd", " ", "> [!a] b", "`", "#t", "![[", "]]", "\n\n",
        "```",
    ];
    let mut seed = 7_usize;
    for _ in 0..3000 {
        let mut text = String::new();
        for _ in 0..12 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
            text.push_str(pieces[(seed >> 33) % pieces.len()]);
        }
        let mut shape = Shape::of(&text, 0);
        let wiki = Wiki::of(&text, 0, &shape.opaque);
        let rewritten = wiki.rewrite(&text, &mut shape.headings);
        assert_eq!(rewritten.matches('\n').count(), text.matches('\n').count(), "{text:?}");
    }
}
