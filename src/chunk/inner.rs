//! The small sections of a passage that was joined from several, so that a hit can name its own.

use std::collections::HashSet;

use serde::Serialize;

use super::Chunk;

/// A small section within a passage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inner {
    /// Where it begins: a byte of the passage's text.
    pub at: u32,
    /// Its headings below those of the passage.
    pub heading: Vec<String>,
    /// Its first and last line in the original.
    pub lines: Option<(u32, u32)>,
}

impl Chunk {
    /// The small section in which a byte of the text stands, if the passage was joined from some.
    pub fn inner_at(&self, byte: usize) -> Option<&Inner> {
        let next = self.inner.partition_point(|inner| inner.at as usize <= byte);
        next.checked_sub(1).map(|last| &self.inner[last])
    }

    /// Of the small sections, the one with the most different words among what was found, then the
    /// most matches, then the first. Each match is a byte of the text and the number of its word; they
    /// are in order.
    pub fn best_inner(&self, found: &[(usize, u32)]) -> Option<&Inner> {
        let mut sections: Vec<(&Inner, HashSet<u32>, usize)> = Vec::new();
        for &(byte, word) in found {
            let section = self.inner_at(byte)?;
            match sections.last_mut() {
                Some((last, words, count)) if std::ptr::eq(*last, section) => {
                    words.insert(word);
                    *count += 1;
                }
                _ => sections.push((section, HashSet::from([word]), 1)),
            }
        }
        let best = sections.iter().rev().max_by_key(|(_, words, count)| (words.len(), *count));
        best.map(|(section, ..)| *section)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ChunkId;
    use super::*;

    #[test]
    fn the_section_that_matches_best_is_the_place() {
        let inner = |at, name: &str| Inner { at, heading: vec![name.into()], lines: None };
        let chunk = Chunk {
            id: ChunkId([0; 16]),
            heading: Vec::new(),
            lines: None,
            page: None,
            text: "ten bytes.and ten...and more".into(),
            inner: vec![inner(0, "one"), inner(10, "two"), inner(20, "three")],
        };
        let name = |found: &[(usize, u32)]| chunk.best_inner(found).map(|it| it.heading[0].clone());
        assert_eq!(name(&[(1, 0), (11, 0), (12, 1), (21, 1)]).unwrap(), "two");
        assert_eq!(name(&[(4, 0), (25, 0)]).unwrap(), "one");
        assert_eq!(name(&[]), None, "found by meaning alone");
        let whole = Chunk { inner: Vec::new(), ..chunk.clone() };
        assert_eq!(whole.best_inner(&[(1, 0)]), None);
    }
}
