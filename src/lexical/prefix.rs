//! Completions of the word that is still being typed.

use std::collections::HashMap;

use tantivy::schema::Term;

use super::ground::Ground;
use super::plan::Scored;
use super::query::Prefix;

/// So many completions are searched for: those of most passages.
const MAX_COMPLETIONS: usize = 16;
/// So many terms of the dictionary are looked at in each segment.
const MAX_SCANNED: usize = 2_000;
/// What a completion weighs beside an exact match.
const COMPLETION_WEIGHT: f32 = 0.3;

/// The commonest terms that `prefix` may become, all weighing as one common term.
pub(super) fn completions(prefix: &Prefix, ground: &Ground) -> tantivy::Result<Vec<Scored>> {
    let mut found: HashMap<String, u64> = HashMap::new();
    let (searcher, field) = (&ground.searcher, ground.field);
    for (number, segment) in searcher.segment_readers().iter().enumerate() {
        let inverted = segment.inverted_index(field)?;
        for text in &prefix.texts {
            let mut stream = inverted.terms().range().ge(text).into_stream()?;
            let mut scanned = 0;
            while scanned < MAX_SCANNED && stream.advance() {
                if !stream.key().starts_with(text.as_bytes()) {
                    break;
                }
                let Ok(term) = std::str::from_utf8(stream.key()) else { continue };
                let passages = match ground.is_part() {
                    true => ground.passages_in(number, &Term::from_field_text(field, term))?,
                    false => u64::from(stream.value().doc_freq),
                };
                // Of a part of the index, terms of the rest are as good as not there.
                if passages == 0 {
                    continue;
                }
                scanned += 1;
                match found.get_mut(term) {
                    Some(known) => *known += passages,
                    None => _ = found.insert(term.to_owned(), passages),
                }
            }
        }
    }
    for stem in prefix.texts.iter().flat_map(|text| shorter_stems(text)) {
        let passages = ground.passages_with(&Term::from_field_text(field, stem))?;
        if passages > 0 {
            found.insert(stem.to_owned(), passages);
        }
    }
    found.remove(&prefix.exact);
    let mut found: Vec<(String, u64)> = found.into_iter().collect();
    found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found.truncate(MAX_COMPLETIONS);
    let all = found.iter().map(|(_, passages)| passages).sum::<u64>();
    let passages = all.min(ground.passages()?);
    Ok(found
        .into_iter()
        .map(|(term, _)| Scored { term, weight: COMPLETION_WEIGHT, passages })
        .collect())
}

/// Endings that the English stemmer takes off.
const ENDINGS: &[&str] = &[
    "able", "ally", "ance", "ational", "ations", "ative", "ators", "ed", "ement", "ence", "ers",
    "fully", "fulness", "ibility", "ible", "ically", "ies", "ing", "ings", "ions", "ities",
    "ivity", "ization", "izing", "ments", "ness", "ously",
];

/// What a word that begins with `text` may be stemmed to when its stem is shorter than `text`:
/// who types `configurati` wants `configur`, the stem of configuration.
fn shorter_stems(text: &str) -> impl Iterator<Item = &str> {
    let letters = text.bytes().all(|byte| byte.is_ascii_lowercase());
    let lengths = if letters { 3..text.len() } else { 0..0 };
    lengths.filter_map(move |length| {
        let (stem, rest) = text.split_at(length);
        ENDINGS.iter().any(|ending| ending.starts_with(rest)).then_some(stem)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_typed_beyond_its_stem_still_leads_to_the_stem() {
        assert!(shorter_stems("configurati").any(|stem| stem == "configur"));
        assert!(shorter_stems("organiza").any(|stem| stem == "organ"));
        assert_eq!(shorter_stems("utf8").count(), 0);
        assert_eq!(shorter_stems("연차").count(), 0);
    }
}
