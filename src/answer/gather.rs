//! What the model is given: the passages that were found, with what stands around them, as much as
//! its window holds.

use crate::catalog::Catalog;
use crate::error::Result;
use crate::search::Hit;

use super::prompt::tokens_at_most;

/// Hits that score less than this part of the best one tell the model nothing.
const TAIL: f32 = 0.2;

/// What the fence, the title and the headings of a passage take, in tokens, at most.
const FRAME: usize = 120;

/// A passage that the model is given.
#[derive(Debug, Clone)]
pub struct Given {
    /// Its number, from 1.
    pub n: u32,
    /// Where it was found.
    pub hit: Hit,
    /// Its text, with that of its neighbours as far as there is room.
    pub text: String,
}

/// A passage with its neighbours.
struct Stretch {
    hit: Hit,
    before: Option<Neighbour>,
    after: Option<Neighbour>,
    tokens: usize,
}

struct Neighbour {
    text: String,
    lines: Option<(u32, u32)>,
}

/// The passages of the hits, best first, of at most `budget` tokens together; the first one is cut
/// rather than left out.
pub async fn gather(catalog: &Catalog, hits: Vec<Hit>, budget: usize) -> Result<Vec<Given>> {
    let least = hits.first().map_or(0.0, |hit| hit.fused.score * TAIL);
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut left = budget;
    for mut hit in hits.into_iter().filter(|hit| hit.fused.score >= least) {
        let mut tokens = tokens_at_most(&hit.text) + FRAME;
        if tokens > left && stretches.is_empty() {
            hit.text = within(&hit.text, left.saturating_sub(FRAME));
            // Only what is left of it is cited.
            let ends = u32::try_from(hit.text.matches('\n').count()).unwrap_or(u32::MAX);
            hit.lines =
                hit.lines.map(|(first, last)| (first, last.min(first.saturating_add(ends))));
            tokens = left;
        }
        if tokens > left {
            break;
        }
        left -= tokens;
        stretches.push(Stretch { hit, before: None, after: None, tokens });
    }
    for stretch in &mut stretches {
        if left < stretch.tokens / 2 {
            break;
        }
        left = widen(catalog, stretch, left).await?;
    }
    Ok((1..).zip(stretches).map(|(n, stretch)| stretch.give(n)).collect())
}

/// Adds the passages before and after, where there is room; returns the room that is left.
async fn widen(catalog: &Catalog, stretch: &mut Stretch, mut left: usize) -> Result<usize> {
    let ordinal = stretch.hit.fused.ordinal;
    let around = ordinal.saturating_sub(1)..ordinal.saturating_add(2);
    let Some(found) = catalog.stretch(stretch.hit.document.id, around).await? else {
        return Ok(left);
    };
    // Of a document that has changed since, other passages stand there now.
    if found.document.seq != stretch.hit.document.seq {
        return Ok(left);
    }
    for (at, passage) in found.passages {
        let tokens = tokens_at_most(&passage.text);
        if at == ordinal || tokens > left || passage.page != stretch.hit.page {
            continue;
        }
        left -= tokens;
        let neighbour = Some(Neighbour { text: passage.text, lines: passage.lines });
        if at < ordinal {
            stretch.before = neighbour;
        } else {
            stretch.after = neighbour;
        }
    }
    Ok(left)
}

impl Stretch {
    fn give(self, n: u32) -> Given {
        let Self { mut hit, before, after, .. } = self;
        let neighbours = [&before, &after].into_iter().flatten();
        hit.lines = neighbours.fold(hit.lines, |lines, neighbour| {
            let ((first, last), (from, to)) = (lines?, neighbour.lines?);
            Some((first.min(from), last.max(to)))
        });
        let texts = [
            before.as_ref().map(|it| it.text.as_str()),
            Some(&hit.text),
            after.as_ref().map(|it| it.text.as_str()),
        ];
        let text = texts.into_iter().flatten().collect::<Vec<_>>().join("\n\n");
        Given { n, hit, text }
    }
}

/// The beginning of a text, of at most so many tokens.
fn within(text: &str, tokens: usize) -> String {
    // No character takes more than two tokens and the share that is added for safety.
    let mut end = text.len();
    while end > 0 && tokens_at_most(&text[..end]) > tokens {
        end = text.floor_char_boundary(end * 3 / 4);
    }
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_to_the_room_there_is() {
        let text = "연차 휴가 ".repeat(500);
        let cut = within(&text, 100);
        assert!(!cut.is_empty() && tokens_at_most(&cut) <= 100);
        assert_eq!(within("short", 100), "short");
        assert_eq!(within("anything", 0), "");
    }
}
