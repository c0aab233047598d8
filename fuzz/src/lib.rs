//! What the fuzz targets share: which readers there are, and what counts as a fault.

mod package;

use std::collections::BTreeMap;
use std::panic;
use std::path::Path;
use std::sync::{Mutex, Once};

use ragterm_connectors::container::{Limits, Member, Opened, Shape, Step, Visitor, Walk};
use ragterm_connectors::extract::{Dialect, Extraction, Input, Reason, extract};

/// What a target reads, by the first byte of its input.
pub struct Reader {
    /// The file name that leads to it.
    pub name: &'static str,
    /// The kind of source that it lies in, named as below `connectors/tests-data/fixtures`.
    pub kind: &'static str,
    /// The part of the fixture that the input is put in the place of; empty: the input is all.
    pub part: &'static str,
}

const fn reader(kind: &'static str, name: &'static str, part: &'static str) -> Reader {
    Reader { name, kind, part }
}

/// Files that hold one document.
pub const FILES: [Reader; 19] = [
    reader("folder", "letter.rtf", ""),
    reader("folder", "third.hwp", ""),
    reader("folder", "plain.hwp", ""),
    reader("folder", "letter.msg", ""),
    reader("folder", "old.xls", ""),
    reader("folder", "page.html", ""),
    reader("folder", "wiki.md", ""),
    reader("folder", "table.csv", ""),
    reader("folder", "lines.jsonl", ""),
    reader("folder", "notebook.ipynb", ""),
    reader("folder", "text.rst", ""),
    reader("folder", "text.adoc", ""),
    reader("folder", "text.org", ""),
    reader("folder", "pages.pdf", ""),
    reader("folder", "korean.txt", ""),
    reader("mail", "message.eml", ""),
    reader("dokuwiki", "leave.txt", ""),
    reader("notion", "Home 0123456789abcdef0123456789abcdef.md", ""),
    reader("confluence", "page_12.html", ""),
];

/// Parts of packages: the rest is whole, so that the input is what is read.
pub const PARTS: [Reader; 16] = [
    reader("folder", "word.docx", "word/document.xml"),
    reader("folder", "word.docx", "word/styles.xml"),
    reader("folder", "word.docx", "word/numbering.xml"),
    reader("folder", "slides.pptx", "ppt/slides/slide1.xml"),
    reader("folder", "workbook.xlsx", "xl/worksheets/sheet1.xml"),
    reader("folder", "workbook.xlsx", "xl/sharedStrings.xml"),
    reader("folder", "text.odt", "content.xml"),
    reader("folder", "sheet.ods", "content.xml"),
    reader("folder", "slides.odp", "content.xml"),
    reader("folder", "book.epub", "OEBPS/book.opf"),
    reader("folder", "book.epub", "OEBPS/toc.ncx"),
    reader("folder", "package.hwpx", "Contents/section0.xml"),
    reader("folder", "package.hwpx", "Contents/content.hpf"),
    reader("folder", "plain.hwp", "/BodyText/Section0"),
    reader("folder", "letter.msg", "/__substg1.0_10090102"),
    reader("folder", "letter.msg", "/__properties_version1.0"),
];

/// Files that hold documents.
pub const CONTAINERS: [Reader; 13] = [
    reader("mediawiki", "dump.xml", ""),
    reader("confluence", "entities.xml", ""),
    reader("confluence", "space.zip", "entities.xml"),
    reader("folder", "box.mbox", ""),
    reader("mail", "box.mbox", ""),
    reader("jsonl", "tickets.jsonl", ""),
    reader("folder", "files.zip", ""),
    reader("folder", "files.zip", "inner.zip"),
    reader("folder", "files.tar", ""),
    reader("folder", "files.tar.gz", ""),
    reader("folder", "files.7z", ""),
    reader("notion", "export.zip", ""),
    reader("folder", "notes.txt.gz", ""),
];

impl Reader {
    /// The one that the first byte chooses, and the rest of the input.
    pub fn chosen<'a>(among: &'static [Self], data: &'a [u8]) -> Option<(&'static Self, &'a [u8])> {
        let (first, rest) = data.split_first()?;
        Some((&among[usize::from(*first) % among.len()], rest))
    }

    /// The whole file that fuzzing begins with.
    fn fixture(&self) -> Vec<u8> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors/tests-data/fixtures");
        std::fs::read(root.join(self.kind).join(self.name)).expect("the fixtures are checked in")
    }

    /// What fuzzing begins with: the file, or the part of it.
    pub fn seed(&self) -> Vec<u8> {
        match self.part {
            "" => self.fixture(),
            part => package::part_of(&self.fixture(), part).expect("the fixture has this part"),
        }
    }

    /// The file that this input makes.
    pub fn file(&'static self, input: &[u8]) -> Vec<u8> {
        static WHOLE: Mutex<BTreeMap<&str, Vec<u8>>> = Mutex::new(BTreeMap::new());
        if self.part.is_empty() {
            return input.to_vec();
        }
        let mut whole = WHOLE.lock().expect("nothing panics while it is held");
        let whole = whole.entry(self.name).or_insert_with(|| self.fixture());
        package::with_part(whole, self.part, input).expect("the fixture has this part")
    }

    fn dialect(&self) -> Dialect {
        match self.kind {
            "confluence" => Dialect::Confluence,
            "dokuwiki" => Dialect::DokuWiki,
            "jsonl" => Dialect::JsonLines,
            "mail" => Dialect::Mail,
            "mediawiki" => Dialect::MediaWiki,
            "notion" => Dialect::Notion,
            _ => Dialect::Any,
        }
    }

    /// Reads a file as one document.
    pub fn extract(&self, bytes: &[u8]) {
        let input = Input { dialect: self.dialect(), ..Input::new(self.name, bytes) };
        // What is said of the file does not matter here.
        guarded(|| drop(extract(&input)));
    }

    /// Walks through a file as the worker does, with limits that keep one run short.
    pub fn walk(&self, bytes: &[u8]) {
        let few = Limits {
            entries: 200,
            total_bytes: 20 << 20,
            file_bytes: 4 << 20,
            ..Limits::default()
        };
        guarded(|| {
            let mut content = std::io::Cursor::new(bytes);
            let Ok(Some(shape)) = Shape::of(self.name, self.dialect(), &mut content) else {
                return;
            };
            let opened = Opened { path: self.name, dialect: self.dialect(), content, beside: None };
            let mut forget = Forget;
            let mut walk = Walk::new(&mut forget, few).reading(self.dialect(), None);
            drop(opened.walk(shape, &mut walk));
        });
    }
}

struct Forget;

impl Visitor for Forget {
    fn begin(&mut self, _path: &str) -> Step {
        Step::Read
    }

    fn extract(&mut self, input: &Input<'_>) -> Result<Extraction, Reason> {
        extract(input)
    }

    fn take(&mut self, _member: Member) -> Result<(), Reason> {
        Ok(())
    }
}

/// A panic in a library is caught by the worker, too, and recorded; one in our own code is a fault.
fn guarded(work: impl FnOnce()) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let abort = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if info.location().is_some_and(|place| place.file().contains("connectors/src")) {
                abort(info);
            }
        }));
    });
    drop(panic::catch_unwind(panic::AssertUnwindSafe(work)));
}
