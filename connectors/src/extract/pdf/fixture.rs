//! Small PDFs for tests, made object by object.

use std::fmt::Write as _;

/// A PDF that is being made.
#[derive(Debug, Default)]
pub(crate) struct Pdf {
    info: String,
    pages: Vec<String>,
    bookmarks: Vec<(u8, String, usize)>,
    files: Vec<(String, Vec<u8>)>,
    fields: Vec<(String, String)>,
    image: Option<(u32, u32, Vec<u8>)>,
}

impl Pdf {
    /// Adds an entry to the information dictionary.
    pub(crate) fn info(mut self, key: &str, value: &str) -> Self {
        let _ = write!(self.info, "/{key} {} ", text_string(value));
        self
    }

    /// Adds a page of texts, each at its place: from the left, from the bottom, size, text.
    pub(crate) fn page(mut self, texts: &[(f32, f32, f32, &str)]) -> Self {
        let mut content = String::new();
        for (x, y, size, text) in texts {
            let is_latin = text.is_ascii();
            let font = if is_latin { "F1" } else { "F2" };
            let shown = if is_latin { format!("({})", escaped(text)) } else { codes(text) };
            let _ = writeln!(content, "BT /{font} {size} Tf {x} {y} Td {shown} Tj ET");
        }
        self.pages.push(content);
        self
    }

    /// Adds a page of lines from its top, twelve points apart.
    pub(crate) fn lines(self, lines: &[&str]) -> Self {
        let texts = lines.iter().enumerate();
        let texts = texts.map(|(index, line)| (72.0, 740.0 - 12.0 * index as f32, 10.0, *line));
        self.page(&texts.collect::<Vec<_>>())
    }

    /// Adds a page that shows a grey image.
    pub(crate) fn image_page(mut self, width: u32, height: u32, grey: Vec<u8>) -> Self {
        self.image = Some((width, height, grey));
        self.pages.push("q 612 0 0 792 0 0 cm /Im1 Do Q\n".to_owned());
        self
    }

    /// Adds a bookmark: its level from 1, its title, its page from 0.
    pub(crate) fn bookmark(mut self, level: u8, title: &str, page: usize) -> Self {
        self.bookmarks.push((level, title.to_owned(), page));
        self
    }

    /// Packs a file.
    pub(crate) fn file(mut self, name: &str, bytes: &[u8]) -> Self {
        self.files.push((name.to_owned(), bytes.to_vec()));
        self
    }

    /// Adds a form field with what was filled in.
    pub(crate) fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The file.
    pub(crate) fn build(self) -> Vec<u8> {
        let mut objects = Objects::default();
        let [catalog, tree, info] = [objects.reserve(), objects.reserve(), objects.reserve()];
        let resources = self.resources(&mut objects);
        let pages = self.pages.iter().map(|content| {
            let content = objects.stream("", content.as_bytes());
            let page = format!(
                "<</Type/Page/Parent {tree} 0 R/MediaBox[0 0 612 792]/Contents {content} 0 R\
                 /Resources {resources} 0 R>>"
            );
            objects.add(&page)
        });
        let pages = pages.collect::<Vec<_>>();
        let kids = pages.iter().map(|page| format!("{page} 0 R ")).collect::<String>();
        objects.set(tree, &format!("<</Type/Pages/Kids[{kids}]/Count {}>>", pages.len()));
        let outline = self.outline(&mut objects, &pages);
        let names = self.names(&mut objects);
        let form = self.form(&mut objects);
        let root =
            format!("<</Type/Catalog/Pages {tree} 0 R/Outlines {outline} 0 R{names}{form}>>");
        objects.set(catalog, &root);
        objects.set(info, &format!("<<{}>>", self.info));
        objects.finish(&format!("/Root {catalog} 0 R/Info {info} 0 R"))
    }

    fn resources(&self, objects: &mut Objects) -> usize {
        let map = objects.stream("", identity_map().as_bytes());
        let descendant = objects.add(
            "<</Type/Font/Subtype/CIDFontType2/BaseFont/Test/DW 1000/CIDSystemInfo\
             <</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>",
        );
        let image = self.image.as_ref().map(|(width, height, grey)| {
            let entries = format!(
                "/Type/XObject/Subtype/Image/Width {width}/Height {height}\
                 /ColorSpace/DeviceGray/BitsPerComponent 8"
            );
            format!("/XObject<</Im1 {} 0 R>>", objects.stream(&entries, grey))
        });
        objects.add(&format!(
            "<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>\
             /F2<</Type/Font/Subtype/Type0/BaseFont/Test/Encoding/Identity-H\
             /DescendantFonts[{descendant} 0 R]/ToUnicode {map} 0 R>>>>{}>>",
            image.unwrap_or_default()
        ))
    }

    /// The bookmarks as one chain for each level; a deeper one is the child of the one before it.
    fn outline(&self, objects: &mut Objects, pages: &[usize]) -> usize {
        let root = objects.reserve();
        let numbers = self.bookmarks.iter().map(|_| objects.reserve()).collect::<Vec<_>>();
        for (index, (level, title, page)) in self.bookmarks.iter().enumerate() {
            let later = self.bookmarks[index + 1..].iter();
            let next = later.take_while(|it| it.0 >= *level).position(|it| it.0 == *level);
            let next = next.map(|ahead| format!("/Next {} 0 R", numbers[index + 1 + ahead]));
            let child = self.bookmarks.get(index + 1).filter(|it| it.0 > *level);
            let child = child.map(|_| format!("/First {} 0 R", numbers[index + 1]));
            let item = format!(
                "<</Title {}/Parent {root} 0 R/Dest[{} 0 R/Fit]{}{}>>",
                text_string(title),
                pages[*page],
                next.unwrap_or_default(),
                child.unwrap_or_default()
            );
            objects.set(numbers[index], &item);
        }
        let first = numbers.first().map(|first| format!("/First {first} 0 R"));
        objects.set(root, &format!("<</Type/Outlines{}>>", first.unwrap_or_default()));
        root
    }

    fn names(&self, objects: &mut Objects) -> String {
        if self.files.is_empty() {
            return String::new();
        }
        let files = self.files.iter().map(|(name, bytes)| {
            let stream = objects.stream("/Type/EmbeddedFile", bytes);
            let name = text_string(name);
            let file = format!("<</Type/Filespec/F{name}/UF{name}/EF<</F {stream} 0 R>>>>");
            format!("{name} {} 0 R ", objects.add(&file))
        });
        let files = files.collect::<String>();
        format!("/Names<</EmbeddedFiles<</Names[{files}]>>>>")
    }

    fn form(&self, objects: &mut Objects) -> String {
        let fields = self.fields.iter().map(|(name, value)| {
            let [name, value] = [name, value].map(|text| text_string(text));
            format!("{} 0 R ", objects.add(&format!("<</FT/Tx/T{name}/V{value}>>")))
        });
        format!("/AcroForm<</Fields[{}]>>", fields.collect::<String>())
    }
}

/// The numbered objects of a file.
#[derive(Debug, Default)]
struct Objects(Vec<Vec<u8>>);

impl Objects {
    fn reserve(&mut self) -> usize {
        self.0.push(Vec::new());
        self.0.len()
    }

    fn set(&mut self, number: usize, body: &str) {
        self.0[number - 1] = body.as_bytes().to_vec();
    }

    fn add(&mut self, body: &str) -> usize {
        self.0.push(body.as_bytes().to_vec());
        self.0.len()
    }

    fn stream(&mut self, entries: &str, data: &[u8]) -> usize {
        let mut body = format!("<<{entries}/Length {}>>stream\n", data.len()).into_bytes();
        body.extend_from_slice(data);
        body.extend_from_slice(b"\nendstream");
        self.0.push(body);
        self.0.len()
    }

    fn finish(self, trailer: &str) -> Vec<u8> {
        let mut file = b"%PDF-1.7\n".to_vec();
        let mut table = String::from("0000000000 65535 f \n");
        for (index, body) in self.0.iter().enumerate() {
            let _ = writeln!(table, "{:010} 00000 n ", file.len());
            file.extend_from_slice(format!("{} 0 obj\n", index + 1).as_bytes());
            file.extend_from_slice(body);
            file.extend_from_slice(b"\nendobj\n");
        }
        let (start, count) = (file.len(), self.0.len() + 1);
        let end = format!(
            "xref\n0 {count}\n{table}trailer\n<</Size {count}{trailer}>>\nstartxref\n{start}\n%%EOF\n"
        );
        file.extend_from_slice(end.as_bytes());
        file
    }
}

/// A text string: UTF-16 with its mark, in hexadecimal digits.
fn text_string(text: &str) -> String {
    let units = text.encode_utf16().fold(String::new(), |mut digits, unit| {
        let _ = write!(digits, "{unit:04X}");
        digits
    });
    format!("<FEFF{units}>")
}

fn codes(text: &str) -> String {
    text_string(text).replacen("FEFF", "", 1)
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)")
}

/// Each code is the character of that number.
fn identity_map() -> String {
    let mut map = String::from(
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n\
         1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n",
    );
    for blocks in (0..0xd8u32).collect::<Vec<_>>().chunks(100) {
        let _ = writeln!(map, "{} beginbfrange", blocks.len());
        for block in blocks {
            let _ = writeln!(map, "<{block:02X}00> <{block:02X}FF> <{block:02X}00>");
        }
        map.push_str("endbfrange\n");
    }
    map.push_str("endcmap end end\n");
    map
}
