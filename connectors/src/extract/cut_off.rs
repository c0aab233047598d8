//! Texts whose end is missing, where their format shows it.

use super::Attachment;
use super::format::Format;

const REASON: &str = "the file seems cut off: ";

/// What is said of a text that ends in the middle; what it has is read all the same. Most formats
/// of text may end anywhere, so that nothing is said of them.
pub(super) fn lost(text: &str, format: Format) -> Option<Attachment> {
    let what = match format {
        Format::Html => html(text),
        Format::Separated(_) => separated(text),
        _ => None,
    };
    what.map(|what| Attachment::lost(&format!("{REASON}{what}")))
}

/// Pages may leave out the tags that end them, so that only one which ends within a tag is cut off.
fn html(text: &str) -> Option<&'static str> {
    let has = |tag: &str| {
        text.match_indices('<').any(|(at, _)| {
            text.get(at..at + tag.len()).is_some_and(|found| found.eq_ignore_ascii_case(tag))
        })
    };
    let is_ended = has("</html") || has("</body");
    let is_within = text.rfind('<') > text.rfind('>');
    ((has("<html") || has("<body")) && !is_ended && is_within).then_some("it ends within a tag")
}

/// A quote at the beginning of a cell ends with it; `""` is a quote in it.
fn separated(text: &str) -> Option<&'static str> {
    let last = text.trim_end().rsplit('\n').next().unwrap_or_default();
    let quotes = |text: &str| text.matches('"').count();
    let opens =
        last.starts_with('"') || [",\"", ";\"", "\t\"", "|\""].iter().any(|it| last.contains(it));
    let is_open = opens && quotes(text) % 2 == 1 && quotes(last) % 2 == 1;
    is_open.then_some("a quoted cell has no end")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, format: Format) -> Option<String> {
        lost(text, format).map(|lost| lost.content.unwrap_err().to_string())
    }

    #[test]
    fn a_page_without_its_end_is_cut_off() {
        let whole = "<HTML><body><p>one</body></HTML>";
        assert_eq!(said(whole, Format::Html), None);
        let cut = "the file seems cut off: it ends within a tag";
        assert_eq!(said(&whole[..20], Format::Html).unwrap(), cut);
        assert_eq!(said("<!doctype html><title>t</title><p>one", Format::Html), None);
        assert_eq!(said("<html><head><title>t</title><body><p>one", Format::Html), None);
    }

    #[test]
    fn a_table_within_a_quoted_cell_is_cut_off() {
        let cut = "the file seems cut off: a quoted cell has no end";
        assert_eq!(said("a,b\n1,\"two wor", Format::Separated(None)).unwrap(), cut);
        assert_eq!(said("a,b\n1,\"two words\"\n", Format::Separated(None)), None);
        assert_eq!(said("size,b\n5\",x\n3,y\n", Format::Separated(None)), None);
    }
}
