//! What becomes of HTML pages.

use super::*;

fn outline(text: &str) -> Vec<(String, String)> {
    read(text).sections.into_iter().map(|it| (it.heading.join(" > "), it.text)).collect()
}

fn text(html: &str) -> String {
    let sections = read(html).sections;
    sections.into_iter().map(|section| section.text).collect::<Vec<_>>().join("\n\n")
}

fn part(heading: &str, text: &str) -> (String, String) {
    (heading.to_owned(), text.to_owned())
}

#[test]
fn headings_make_sections_and_the_title() {
    let html = "<title>Site</title><h1>Leave <em>policy</em></h1><p>All of us.<p>Each year.\
                <h2>Carry-over</h2><ul><li>five days<li>until March</ul>";
    let expected = [
        part("Leave policy", "All of us.\n\nEach year."),
        part("Leave policy > Carry-over", "- five days\n- until March"),
    ];
    assert_eq!(outline(html), expected);
    assert_eq!(read(html).title.as_deref(), Some("Leave policy"));
    assert_eq!(read("<title> Only\nthis </title><p>x").title.as_deref(), Some("Only this"));
}

#[test]
fn scripts_styles_navigation_and_hidden_parts_are_left_out() {
    let html = "<nav><ul><li>Home</ul></nav><script>if (a < b) document.write('<p>no')</script>\
                <style>p > a {}</style><p>Text</p><div hidden>secret<div>x</div></div>\
                <div style='display: none'>y</div><footer>Imprint</footer><p>End</p>";
    assert_eq!(text(html), "Text\n\nEnd");
}

#[test]
fn navigation_without_end_does_not_swallow_the_page() {
    assert_eq!(text("<nav>Home<p>The text"), "Home\n\nThe text");
}

#[test]
fn the_main_element_is_preferred_if_the_text_is_there() {
    let body = "A text that is long enough to be the content.";
    let html = format!("<div>Cookies? Yes.</div><main><p>{body}</p></main><div>Related</div>");
    assert_eq!(text(&html), body);
    let decoy = format!("<main>Hi</main><p>{body}</p>");
    assert_eq!(text(&decoy), format!("Hi\n\n{body}"));
}

#[test]
fn cells_keep_their_headers() {
    let html = "<table><thead><tr><th>Name<th>Days</thead><tr><td>Kim<td>5<tr><td>Lee<td>7</table>";
    assert_eq!(text(html), "Name: Kim; Days: 5\nName: Lee; Days: 7");
    let vertical =
        "<table><tr><th>Owner</th><td>Kim</td></tr><tr><th>Due</th><td>May</td></tr></table>";
    assert_eq!(text(vertical), "Owner: Kim\nDue: May");
}

#[test]
fn cells_over_several_columns_and_rows_stay_with_their_headers() {
    let html = "<table><tr><th>Team<th colspan=2>Days</tr><tr><th><th>old<th>new</tr>\
                <tr><td rowspan=2>HR<td>5<td>6</tr><tr><td>7<td>8</tr></table>";
    let expected = "Team: HR; Days old: 5; Days new: 6\nTeam: HR; Days old: 7; Days new: 8";
    assert_eq!(text(html), expected);
}

#[test]
fn a_header_over_two_rows_takes_its_place_in_the_second() {
    let html = "<table><tr><th rowspan=2>Team<th colspan=2>2024<th colspan=2>2025\
                <tr><th>Q1<th>Q2<th>Q1<th>Q2<tr><td>Kestrel<td>1<td>2<td>3<td>4</table>";
    let expected = "Team: Kestrel; 2024 Q1: 1; 2024 Q2: 2; 2025 Q1: 3; 2025 Q2: 4";
    assert_eq!(text(html), expected);
}

#[test]
fn a_lone_cell_beside_one_from_above_keeps_its_header() {
    let html =
        "<table><tr><th>Team<th>Cups<tr><td rowspan=2>HR<td>5<tr><td>6<tr><td>IT<td>7</table>";
    assert_eq!(text(html), "Team: HR; Cups: 5\nTeam: HR; Cups: 6\nTeam: IT; Cups: 7");
}

#[test]
fn a_cell_from_above_ends_with_its_rows_wherever_it_stands() {
    let last =
        "<table><tr><th>Team<th>Cups<tr><td>HR<td rowspan=2>5<tr><td>IT<tr><td>QA<td>7</table>";
    assert_eq!(text(last), "Team: HR; Cups: 5\nTeam: IT; Cups: 5\nTeam: QA; Cups: 7");
    let empty =
        "<table><tr><th>Team<th>Cups<tr><td rowspan=2>HR<td>5<tr><td><tr><td>QA<td>7</table>";
    assert_eq!(text(empty), "Team: HR; Cups: 5\nTeam: QA; Cups: 7");
    let wide =
        "<table><tr><th>Team<th>Cups<th>Note<tr><td rowspan=2 colspan=2>HR<td>x<tr><td>y</table>";
    assert_eq!(text(wide), "Team: HR; Note: x\nTeam: HR; Note: y");
    let lone = "<table><tr><th>Team<th>Cups<tr><td rowspan=3>HR<td>5<tr><td>6<tr><td>8<tr><td>QA<td></table>";
    let expected = "Team: HR; Cups: 5\nTeam: HR; Cups: 6\nTeam: HR; Cups: 8\nTeam: QA";
    assert_eq!(text(lone), expected);
    let banner = "<table><tr><th>Team<th>Cups<tr><td colspan=2>North<tr><td>HR<td>5</table>";
    assert_eq!(text(banner), "North\nTeam: HR; Cups: 5");
}

#[test]
fn tables_for_layout_and_nested_tables_keep_their_text() {
    let html = "<table><tr><td><p>One</p><p>Two</p><table><tr><th>A<th>B<tr><td>1<td>2</table>\
                </td></tr></table>";
    assert_eq!(text(html), "One\n\nTwo\n\nA: 1; B: 2");
}

#[test]
fn preformatted_text_keeps_its_lines() {
    assert_eq!(text("<p>Run<pre>\ncd x\n  ls</pre>now"), "Run\n\n\ncd x\n  ls\n\nnow");
}

#[test]
fn a_heading_that_never_ends_does_not_swallow_the_text() {
    let html = format!("<h1>Title<p>{}", "word ".repeat(1000));
    assert_eq!(text(&html).split_whitespace().count(), 1001);
}

#[test]
fn deep_nesting_is_harmless() {
    for tag in ["div", "table", "ul", "b", "nav", "main", "svg", "h1"] {
        let open = format!("<{tag}>").repeat(10_000);
        let html = format!("{open}bottom{}", format!("</{tag}>").repeat(10_000));
        assert!(read(&html).sections.len() <= 1, "{tag}");
    }
    assert_eq!(text(&"<div>".repeat(10_000).replace("<div>", "<div>x")).len(), 19_999);
}

#[test]
fn headers_cannot_blow_up_the_text() {
    let headers = format!("<th>{}", "h".repeat(80)).repeat(200);
    let rows = format!("<tr>{}", "<td>y".repeat(200)).repeat(1000);
    let html = format!("<table><tr>{headers}{rows}");
    let size = text(&html).len();
    assert!(size < html.len() * 3 + 3 * 1024 * 1024, "{size}");
}

#[test]
fn metadata_and_entities_are_read() {
    let html = "<meta name=Author content='Kim &amp; Lee'><p>a&nbsp;&lt;b&gt; &copy;</p>";
    assert_eq!(read(html).metadata["author"], "Kim & Lee");
    assert_eq!(text(html), "a <b> ©");
}
