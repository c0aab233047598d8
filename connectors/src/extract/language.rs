//! The main language of a document: by script where that decides, by trigrams elsewhere.

use whatlang::{Lang, Script};

use crate::document::Document;

/// How much text is looked at.
const SAMPLE_BYTES: usize = 1200;

/// How much of it may come from one section.
const SECTION_BYTES: usize = 600;

/// With fewer letters a guess is no better than chance.
const MIN_LETTERS: usize = 200;

/// The same for Korean, Japanese and Chinese, which are told by their letters.
const MIN_EAST_ASIAN: usize = 20;

/// Frequent words of English that are rare in or absent from other languages.
const ENGLISH: [&str; 11] =
    ["the", "of", "and", "to", "for", "with", "that", "this", "are", "from", "you"];

/// The ISO 639-3 code of the main language, when that is certain enough.
pub(super) fn of(document: &Document) -> Option<&'static str> {
    let sample = sample(document);
    let letters = Letters::count(&sample);
    match letters.east_asian_percent() {
        // A character says as much as two or three Latin letters, and technical texts in these
        // languages are full of Latin names.
        10.. if letters.east_asian() >= MIN_EAST_ASIAN => {
            return Some(letters.east_asian_language());
        }
        3.. => return None,
        _ if letters.total < MIN_LETTERS => return None,
        _ if is_plainly_english(&sample) => return Some(Lang::Eng.code()),
        _ => {}
    }
    let found = whatlang::detect(&sample)?;
    let is_sure = found.is_reliable() || is_script_enough(found.script());
    is_sure.then(|| found.lang().code())
}

/// Whether words that only English has are as frequent as in any English text. Saves most
/// documents the trigrams, which take a hundred times longer.
fn is_plainly_english(sample: &str) -> bool {
    let (mut words, mut english) = (0, 0);
    for word in sample.split(|char: char| !char.is_ascii_alphabetic()).filter(|it| !it.is_empty()) {
        words += 1;
        english += usize::from(ENGLISH.iter().any(|it| it.eq_ignore_ascii_case(word)));
    }
    words >= 30 && english * 100 >= words * 12
}

/// Scripts that only one language of the detector is written in.
fn is_script_enough(script: Script) -> bool {
    script.langs().len() == 1
}

/// Text from the beginnings of the sections, without code blocks.
fn sample(document: &Document) -> String {
    let mut sample = String::with_capacity(SAMPLE_BYTES);
    for section in &document.sections {
        let start = sample.len();
        let mut is_code = false;
        for line in section.text.split_inclusive('\n') {
            let room = SAMPLE_BYTES.min(start + SECTION_BYTES).saturating_sub(sample.len());
            if room == 0 {
                break;
            }
            if line.starts_with("```") || line.starts_with("~~~") {
                is_code = !is_code;
            } else if !is_code {
                sample.push_str(super::outline::clipped(line, room));
            }
        }
        if sample.len() + 4 > SAMPLE_BYTES {
            break;
        }
    }
    sample
}

/// How many letters of which script.
#[derive(Default)]
struct Letters {
    total: usize,
    hangul: usize,
    kana: usize,
    han: usize,
}

impl Letters {
    fn count(text: &str) -> Self {
        let mut letters = Self::default();
        for char in text.chars() {
            match char {
                'a'..='z' | 'A'..='Z' => letters.total += 1,
                '\0'..='\u{a9}' => {}
                // Conjoining letters are what decomposed file contents (NFD) consist of.
                '\u{ac00}'..='\u{d7a3}' | '\u{1100}'..='\u{11ff}' | '\u{3131}'..='\u{318e}' => {
                    letters.hangul += 1;
                    letters.total += 1;
                }
                '\u{3041}'..='\u{30ff}' => {
                    letters.kana += 1;
                    letters.total += 1;
                }
                '\u{3400}'..='\u{9fff}' => {
                    letters.han += 1;
                    letters.total += 1;
                }
                _ => letters.total += usize::from(char.is_alphabetic()),
            }
        }
        letters
    }

    fn east_asian(&self) -> usize {
        self.hangul + self.kana + self.han
    }

    fn east_asian_percent(&self) -> usize {
        self.east_asian() * 100 / self.total.max(1)
    }

    /// Korean may quote Han characters; Japanese mixes them with kana; Chinese has neither.
    fn east_asian_language(&self) -> &'static str {
        if self.hangul * 4 >= self.east_asian() {
            "kor"
        } else if self.kana * 10 >= self.east_asian() {
            "jpn"
        } else {
            "cmn"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Section;

    fn language(text: &str) -> Option<&'static str> {
        let section = Section { text: text.repeat(10), ..Section::default() };
        of(&Document { sections: vec![section], ..Document::default() })
    }

    #[test]
    fn languages_are_told_apart() {
        let english = "Employees may carry over unused vacation days into the next year. The \
                       manager has to approve the request before the end of December; after that \
                       date, days that were not taken are lost without compensation. Please write \
                       to the people team when you have questions about your balance. ";
        let german = "Mitarbeiter können nicht genommene Urlaubstage in das nächste Jahr \
                      übertragen. Die Führungskraft muss den Antrag vor Ende Dezember genehmigen; \
                      danach verfallen die Tage ohne Ausgleich. Bitte schreiben Sie uns, wenn Sie \
                      Fragen zu Ihrem Urlaubskonto haben. ";
        assert_eq!(language(english), Some("eng"));
        assert_eq!(language(german), Some("deu"));
        assert_eq!(language("휴가는 팀장 승인 후 확정됩니다. "), Some("kor"));
        assert_eq!(language("佐藤さんは東京の会社で働いています。"), Some("jpn"));
        assert_eq!(language("所有员工都必须在年底之前提交报告。"), Some("cmn"));
        assert_eq!(language("Все сотрудники должны подать отчёт до конца года. "), Some("rus"));
    }

    #[test]
    fn korean_among_latin_names_and_code_is_korean() {
        let text = "이 cmdlet은 PowerShell Get-ChildItem 명령을 실행합니다.\n\
                    ```powershell\nGet-ChildItem -Path C:\\Windows -Recurse -Force\n```\n";
        assert_eq!(language(text), Some("kor"));
    }

    #[test]
    fn too_little_text_has_no_language() {
        assert_eq!(language("12:30 ok "), None);
    }
}
