//! What the built-in model can read: English, and with it whatever is written in Latin letters.

/// Texts below this share of readable letters are left to the keyword index.
///
/// "docker compose 오류" (.68) is not read: its meaning hangs on the word that the model does
/// not know, and a wrong guess by meaning costs more than keywords alone.
const MIN_READABLE_SHARE: f32 = 0.75;

/// Whether the model's vector of this text is worth anything; false for text without letters.
pub fn reads(text: &str) -> bool {
    readable_share(text) >= MIN_READABLE_SHARE
}

/// Share of the text, by letters, that the model can read: 0 to 1, and 0 without letters.
///
/// Letters of scripts that write a syllable or a word in one sign count for several, so that
/// languages weigh by what they say. It tells scripts apart, not languages: French passes.
pub fn readable_share(text: &str) -> f32 {
    let (mut readable, mut all) = (0.0, 0.0);
    for letter in text.chars().filter(|letter| letter.is_alphabetic()) {
        let weight = letter_weight(letter);
        all += weight;
        if is_latin(letter) {
            readable += weight;
        }
    }
    if all > 0.0 { (readable / all) as f32 } else { 0.0 }
}

/// How many Latin letters say about as much as this one.
fn letter_weight(letter: char) -> f64 {
    match letter {
        // Hangul syllables; Han.
        '\u{AC00}'..='\u{D7A3}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' => 3.0,
        '\u{20000}'..='\u{3FFFF}' => 3.0,
        // Kana, full and half width.
        '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{FF66}'..='\u{FF9D}' => 2.0,
        _ => 1.0,
    }
}

fn is_latin(letter: char) -> bool {
    matches!(letter,
        'a'..='z' | 'A'..='Z' | 'ª' | 'º'
        | '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}'
        | '\u{2C60}'..='\u{2C7F}' | '\u{A720}'..='\u{A7FF}'
        | '\u{FB00}'..='\u{FB06}' | '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_is_read_with_its_code_numbers_and_accents() {
        for text in [
            "How do I install PowerShell?",
            "x",
            "Get-ChildItem -Path C:\\Logs | Where-Object { $_.Length -gt 10MB }",
            "The café's naïve façade, 24 µm thick, at α = 3°",
            "ERROR 0x80070005: access denied (5)",
            "What does 안녕 mean in the Korean language guide?",
        ] {
            assert!(reads(text), "{text} {}", readable_share(text));
        }
    }

    #[test]
    fn korean_japanese_chinese_russian_and_arabic_are_not_read() {
        for text in [
            "설치 방법을 알려 주세요",
            "インストールの方法",
            "ﾊﾝｶｸｶﾅ",
            "如何安装软件",
            "Как установить программу",
            "كيف أثبت البرنامج",
        ] {
            assert_eq!(readable_share(text), 0.0, "{text}");
            assert!(!reads(text));
        }
    }

    #[test]
    fn a_product_name_does_not_make_a_korean_question_english() {
        for text in [
            "PowerShell 설치 방법",
            "docker compose 오류",
            "Dockerのインストール方法",
            "Windows PowerShell에서 모듈을 가져오려면 Import-Module cmdlet을 사용합니다.",
            "Ubuntu 上怎么安装",
        ] {
            assert!(!reads(text), "{text} {}", readable_share(text));
            assert!(readable_share(text) > 0.0);
        }
    }

    #[test]
    fn decomposed_hangul_is_hangul() {
        let decomposed = "\u{1109}\u{1165}\u{11AF}\u{110E}\u{1175} setup";
        assert!(!reads(decomposed), "{}", readable_share(decomposed));
    }

    #[test]
    fn text_without_letters_is_not_read() {
        for text in ["", " \n", "12 345,67 €", "?!… \"()\"", "🎉🚀👩‍💻", "\u{0}\u{7}"]
        {
            assert_eq!(readable_share(text), 0.0, "{text:?}");
            assert!(!reads(text));
        }
    }
}
