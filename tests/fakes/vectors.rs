//! What the fakes take for tokens and for meaning: words.

/// A word longer than this is several tokens.
const TOKEN_LETTERS: usize = 8;

/// The tokens of a text, the two special ones included.
pub fn tokens(text: &str) -> usize {
    2 + text
        .split_whitespace()
        .map(|word| word.chars().count().div_ceil(TOKEN_LETTERS))
        .sum::<usize>()
}

/// The beginning of a text that has at most so many tokens.
pub fn cut(text: &str, most: usize) -> String {
    let mut kept = String::new();
    let mut sum = 2;
    for word in text.split_whitespace() {
        sum += word.chars().count().div_ceil(TOKEN_LETTERS);
        if sum > most {
            break;
        }
        kept.push_str(word);
        kept.push(' ');
    }
    kept
}

/// The more words two texts share, the nearer are their vectors; of length `length`.
pub fn vector(text: &str, dimensions: usize, length: f32) -> Vec<f32> {
    let mut vector = vec![0.0_f32; dimensions];
    // What is without words has a vector too.
    vector[0] = 0.01;
    let words = text.to_lowercase();
    for word in words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let stem: String = word.chars().take(5).collect();
        for (place, byte) in blake3::hash(stem.as_bytes()).as_bytes().iter().enumerate().take(8) {
            let sign = if byte & 1 == 0 { 1.0 } else { -1.0 };
            vector[(usize::from(*byte) * 31 + place * 7) % dimensions] += sign;
        }
    }
    let norm = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    vector.iter().map(|value| value / norm * length).collect()
}
