//! What becomes of dumps of MediaWiki.

use std::io::Cursor;
use std::time::{Duration, Instant};

use super::site::Site;
use super::wikitext;
use crate::container::tests::Collected;
use crate::container::{Limits, Opened, Shape, Stream, Walk};
use crate::extract::{self, Dialect, Reason};

fn walked(xml: &str) -> (Collected, Result<(), Reason>) {
    let mut collected = Collected::default();
    let mut walk = Walk::new(&mut collected, Limits::default());
    let content = Box::new(Cursor::new(xml.as_bytes()));
    let opened = Opened { path: "dump.xml", dialect: Dialect::Any, content, beside: None };
    let outcome = opened.walk(Shape::Stream(Stream::MediaWiki), &mut walk);
    (collected, outcome)
}

fn dump(pages: &str) -> String {
    format!(
        "<mediawiki><siteinfo><base>https://wiki.example.com/wiki/Hauptseite</base><namespaces>\
         <namespace key=\"0\" /><namespace key=\"4\">Firma</namespace>\
         <namespace key=\"6\">Datei</namespace><namespace key=\"14\">Kategorie</namespace>\
         <namespace key=\"10\">Vorlage</namespace><namespace key=\"3000\">Technik</namespace>\
         </namespaces></siteinfo>{pages}</mediawiki>"
    )
}

fn page(title: &str, text: &str) -> String {
    format!(
        "<page><title>{title}</title><revision><timestamp>2020-05-01T10:00:00Z</timestamp>\
         <contributor><username>Kim</username></contributor><text>{text}</text></revision></page>"
    )
}

/// What readers see of a wikitext, sections divided by their headings.
fn read(text: &str) -> String {
    let html = wikitext::convert(text, "Title", &Site::default()).html;
    let sections = extract::read_html(&html).sections.into_iter();
    let parts = sections.map(|it| format!("[{}]\n{}", it.heading.join(" > "), it.text));
    parts.collect::<Vec<_>>().join("\n")
}

fn text(wikitext: &str) -> String {
    read(wikitext).strip_prefix("[]\n").unwrap_or_default().to_owned()
}

#[test]
fn pages_of_content_come_with_what_is_known_of_them() {
    let pages = [
        page("Über uns/Team &amp; Co", "Text [[Kategorie:Firmen|x]] [[Category:Foo]]"),
        page("Firma:Regeln", "r"),
        page("Technik:Netz", "n"),
        page("Kategorie:Leer", "[[Kategorie:Firmen]]"),
        page("Diskussion:X", "x").replace("<title>", "<ns>1</ns><title>"),
        page("Vorlage:X", "t"),
        page("User:Kim", "u"),
    ];
    let (collected, outcome) = walked(&dump(&pages.concat()));
    assert_eq!(outcome, Ok(()));
    assert_eq!(collected.paths(), ["Über uns/Team & Co", "Firma:Regeln", "Technik:Netz"]);
    let member = &collected.members[0];
    let document = member.outcome.as_ref().unwrap();
    assert_eq!(document.title.as_deref(), Some("Über uns/Team & Co"));
    assert_eq!(document.sections[0].text, "Text");
    let of = |key: &str| document.metadata.get(key).map(String::as_str);
    assert_eq!(of("url"), Some("https://wiki.example.com/wiki/%C3%9Cber_uns/Team_%26_Co"));
    assert_eq!(of("author"), Some("Kim"));
    assert_eq!(of("modified"), Some("2020-05-01T10:00:00Z"));
    assert_eq!(of("categories"), Some("Firmen, Foo"));
    assert_eq!(member.modified_ns, Some(1_588_327_200_000_000_000));
    assert_eq!(member.kind.as_deref(), Some("page"));
}

#[test]
fn the_newest_revision_counts_in_any_order() {
    let revision = |time: &str, text: &str| {
        format!("<revision><timestamp>{time}</timestamp><text>{text}</text></revision>")
    };
    let (old, new) =
        (revision("2001-01-01T00:00:00Z", "old"), revision("2002-01-01T00:00:00Z", "new"));
    for revisions in [format!("{old}{new}"), format!("{new}{old}")] {
        let (collected, _) = walked(&dump(&format!("<page><title>A</title>{revisions}</page>")));
        assert_eq!(collected.members[0].outcome.as_ref().unwrap().sections[0].text, "new");
    }
}

#[test]
fn redirects_are_left_out_in_any_language() {
    let marked = page("A", "#UUDELLEENOHJAUS [[B]]").replace("</title>", "</title><redirect/>");
    let pages = [marked, page("C", "#WEITERLEITUNG [[B]]"), page("D", "# item with [[B]]")];
    let (collected, _) = walked(&dump(&pages.concat()));
    assert_eq!(collected.paths(), ["D"]);
}

#[test]
fn a_dump_that_breaks_off_keeps_its_pages_and_fails() {
    let whole = dump(&(page("A", "a") + &page("B", "b")));
    for end in [whole.len() - 3, whole.find("B</title>").unwrap(), whole.find("</text>").unwrap()] {
        let (collected, outcome) = walked(&whole[..end]);
        assert!(matches!(outcome, Err(Reason::Failed(_))), "{end}");
        assert!(collected.members.len() <= 2);
    }
}

#[test]
fn a_page_of_monstrous_size_is_named_and_passed_over() {
    let (collected, outcome) =
        walked(&dump(&(page("A", &"word ".repeat(8_000_000)) + &page("B", "b"))));
    assert_eq!((outcome, collected.paths()), (Ok(()), vec!["A", "B"]));
    assert!(matches!(&collected.members[0].outcome, Err(Reason::Skipped(_))));
}

#[test]
fn a_damaged_dump_gives_its_other_pages_and_says_so() {
    let broken = [
        page("A", "a") + "</page></text>" + &page("B", "b"),
        page("A", "a").replace("</revision></page>", "") + &page("B", "b"),
        page("A", "a") + &page("C", "\0\0\0") + &page("B", "b"),
    ];
    for pages in broken {
        let (collected, outcome) = walked(&dump(&pages));
        assert!(matches!(outcome, Err(Reason::Failed(_))), "{pages}");
        assert!(collected.paths().contains(&"B"), "{pages}");
    }
}

#[test]
fn elements_that_extensions_add_are_passed_over() {
    let thread = "</title><DiscussionThreading><ThreadSubject>no</ThreadSubject><text>no</text>\
                  </DiscussionThreading>";
    let (collected, _) = walked(&dump(&page("A", "yes").replace("</title>", thread)));
    assert_eq!(collected.members[0].outcome.as_ref().unwrap().sections[0].text, "yes");
}

#[test]
fn the_fields_of_an_infobox_keep_their_names() {
    let wikitext = "{{Infobox company\n| name = Acme\n| founded_year = [[1999]] in \
                    {{lang|fr|Paris}}\n| image_size = 200px\n| people = {{plainlist|\n* Ann\n* Bo\n\
                    }}\n}}\n'''Acme''' is {{nowrap|5 km}} away.";
    let expected = "name: Acme\nfounded year: 1999 in Paris\npeople:\n\n- Ann\n- Bo\n\nAcme is 5 km \
                    away.";
    assert_eq!(text(wikitext), expected);
}

#[test]
fn links_leave_their_text_and_pictures_their_captions() {
    let wikitext = "[[company|firm]]s, [[Plan]], [https://x.org the web], https://y.org/a_b \
                    [[:Category:X]] [[de:Bar]]";
    assert_eq!(text(wikitext), "firms, Plan, the web, https://y.org/a_b Category:X");
    let picture = "[[File:a.jpg|thumb|200px|A [[b|caption]] here]]\n[[Image:i.png|20px]]\nText";
    assert_eq!(text(picture), "A caption here\n\nText");
    assert_eq!(text("<gallery>\nFile:x.jpg|Pic ''one''\n</gallery>"), "- Pic one");
}

#[test]
fn values_of_tables_stand_behind_their_headers() {
    let wikitext = "{| class=\"wikitable\"\n|+ Cups\n! Team !! style=\"x\" | Number\n|-\n\
                    | rowspan=\"2\" | Blues || 1\n|-\n| align=right | 2\n|-\n| [[a|Flyers]]\n| 7\n|}";
    let expected = "Cups\nTeam: Blues; Number: 1\nTeam: Blues; Number: 2\nTeam: Flyers; Number: 7";
    assert_eq!(text(wikitext), expected);
}

#[test]
fn headings_make_sections() {
    let wikitext = "Intro\n== One ==\na\n=== Two <!-- x --> ===\nb\n== 1 = 1 ==\nc\n=\n__NOTOC__";
    assert_eq!(read(wikitext), "[]\nIntro\n[One]\na\n[One > Two]\nb\n[1 = 1]\nc =");
}

#[test]
fn what_is_verbatim_stays_as_it_is() {
    let code = "<syntaxhighlight lang=\"sh\">\nls | {{x}} <b>[[y]]\n</syntaxhighlight>";
    assert_eq!(text(code).trim(), "ls | {{x}} <b>[[y]]");
    assert_eq!(text("<nowiki>[[a]] ''b''</nowiki> <math>a < b</math>"), "[[a]] ''b'' a < b");
    assert_eq!(
        text("the <username> is 5 < 6 &amp; __init__"),
        "the <username> is 5 < 6 & __init__"
    );
}

#[test]
fn notes_stand_behind_the_text() {
    let wikitext = "A<ref name=x>Note {{cite|title=T|year=1}}</ref> b<ref name=x />.";
    assert_eq!(text(wikitext), "A b.\n\n- Note title: T; year: 1");
}

#[test]
fn brackets_that_are_never_closed_are_text() {
    assert_eq!(text("a {{b | c [[d|e]] ]] }} {{x | y"), "a c e ]] {{x | y");
    assert_eq!(text("[[a|b"), "[[a|b");
    assert_eq!(text("[https://x.org open\nnext"), "open next");
}

#[test]
fn hostile_wikitext_takes_linear_time() {
    let patterns = [
        "{{",
        "[[",
        "{|\n",
        "{{a|[[b|",
        "<ref>",
        "<nowiki>",
        "<!--",
        "<math></mat",
        "[http://a ",
        "''",
        "{{{a|",
        "]]",
        "}}",
        "<gallery>",
        "__A",
        "* ",
        "{|\n|\n",
        "|}\n",
        "<",
        "=",
        "| ",
        "{{!}}",
        "{{PAGENAME}}",
        "</ref>",
        "&",
    ];
    let start = Instant::now();
    for pattern in patterns {
        let text = pattern.repeat(100_000 / pattern.len());
        let converted = wikitext::convert(&text, &"t".repeat(200), &Site::default());
        assert!(converted.html.len() < 12 * text.len() + 1000, "{pattern}");
    }
    // Work that grows with the square of the text would take hours.
    assert!(start.elapsed() < Duration::from_secs(600));
}
