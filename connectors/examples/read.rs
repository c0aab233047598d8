//! Shows what is read in each file named on the command line, in this process and without limits.

use std::io::Write;

use ragterm_connectors::extract::{Input, extract};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for path in std::env::args().skip(1) {
        let bytes = fs_err::read(&path)?;
        match extract(&Input::new(&path, &bytes)) {
            Ok(extraction) => {
                let document = extraction.document;
                writeln!(out, "== {path}: {:?} {:?}", document.title, document.language)?;
                writeln!(out, "   {:?}", document.metadata)?;
                for section in document.sections {
                    let (heading, place) = (section.heading.join(" > "), section.place);
                    writeln!(out, "-- [{heading}] {place:?}\n{}", section.text)?;
                }
                for attachment in extraction.attachments {
                    let size = attachment.content.map(|bytes| bytes.len());
                    writeln!(out, "++ attachment {:?}, {size:?} bytes", attachment.name)?;
                }
            }
            Err(reason) => writeln!(out, "== {path}: {reason:?}")?,
        }
    }
    Ok(())
}
