//! Names and texts as people write them: the one rule for what is stored, and the key that search and sort compare by.
//!
//! Every entrance of a name or a text calls [`TextRule::read`] and stores what it returns, never what it was given. Search and `sort=name` compare
//! [`search_key`]s.

use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::CodePointSetData;
use icu_properties::props::{DefaultIgnorableCodePoint, WhiteSpace};

/// Which texts a field takes: 1 to `max` characters, or none at all if it is optional.
#[derive(Debug, Clone, Copy)]
pub struct TextRule {
    pub max: usize,
    pub is_optional: bool,
    /// Whether it may hold line feeds.
    pub is_multiline: bool,
}

impl TextRule {
    /// One line with at least one visible character.
    pub const fn line(max: usize) -> Self {
        Self {
            max,
            is_optional: false,
            is_multiline: false,
        }
    }

    /// The same, or an empty text.
    #[must_use]
    pub const fn or_empty(self) -> Self {
        Self {
            is_optional: true,
            ..self
        }
    }

    /// The same, with line feeds.
    #[must_use]
    pub const fn multiline(self) -> Self {
        Self {
            is_multiline: true,
            ..self
        }
    }

    /// `text` in Unicode's normalization form C, as it is stored.
    ///
    /// # Errors
    /// A sentence that names `field`.
    pub fn read(self, field: &str, text: &str) -> Result<String, String> {
        let text = ComposingNormalizerBorrowed::new_nfc().normalize(text);
        if self.is_optional && text.is_empty() {
            return Ok(String::new());
        }
        let refused = text.chars().find(|c| !self.allows(*c));
        if let Some(refused) = refused {
            let name = format!("U+{:04X}", u32::from(refused));
            return Err(if is_line_break(refused) {
                format!("{field}: the line break {name} is not allowed")
            } else if refused.is_control() {
                format!("{field}: the control character {name} is not allowed")
            } else {
                format!("{field}: the code point {name} is not allowed")
            });
        }
        let length = text.chars().count();
        if !text.chars().any(is_visible) {
            return Err(format!("{field}: expected a visible character"));
        }
        if length > self.max {
            return Err(format!(
                "{field}: expected 1 to {} characters, found {length}",
                self.max
            ));
        }
        Ok(text.into_owned())
    }

    fn allows(self, c: char) -> bool {
        if c == '\n' {
            return self.is_multiline;
        }
        // XML 1.0 can hold neither U+FFFE nor U+FFFF: pages, feeds and pictures would break.
        !(c.is_control() || is_line_break(c) || matches!(c, '\u{fffe}' | '\u{ffff}'))
    }
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a reader sees something. U+2800 is the Braille pattern without dots.
fn is_visible(c: char) -> bool {
    !(c.is_control()
        || c == '\u{2800}'
        || CodePointSetData::new::<WhiteSpace>().contains(c)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c))
}

/// What search and sort compare instead of `text`: without case, accents and invisible characters.
pub fn search_key(text: &str) -> String {
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    let mut key = String::with_capacity(decomposed.len());
    let visible = |c: &char| {
        !is_accent(*c) && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(*c)
    };
    // Upper case first: it makes one of letters that have two lower-case forms, such as ß and ss.
    let folded = decomposed
        .chars()
        .filter(visible)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase);
    for c in folded.filter(visible) {
        match base_letter(c) {
            Some(letters) => key.push_str(letters),
            None => key.push(c),
        }
    }
    // Marks that are no accents, such as Korean vowels, join their letters again.
    ComposingNormalizerBorrowed::new_nfc()
        .normalize(&key)
        .into_owned()
}

/// Marks that many readers leave out; not those that are letters of their own, such as the vowels of Thai (103 to 132), nor
/// viramas (9).
fn is_accent(c: char) -> bool {
    let class = CanonicalCombiningClassMapBorrowed::new().get_u8(c);
    matches!(class, 1..=8 | 10..=36 | 200..=240)
}

/// Letters with a stroke or joined letters, which Unicode does not decompose.
fn base_letter(c: char) -> Option<&'static str> {
    Some(match c {
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ł' => "l",
        'ŧ' => "t",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ı' => "i",
        _ => return None,
    })
}

/// The byte order mark of UTF-8.
pub const BOM: &[u8] = b"\xEF\xBB\xBF";

/// `text` without the byte order mark that some editors begin a file with.
pub fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The line, counted from 1, that holds the byte `offset` of `text`.
pub fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    before.split(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: TextRule = TextRule::line(10);

    #[test]
    fn a_text_is_stored_in_form_c() {
        assert_eq!(NAME.read("name", "Cafe\u{301}"), Ok("Caf\u{e9}".to_owned()));
        assert_eq!(NAME.read("name", "\u{212b}"), Ok("\u{c5}".to_owned()));
        let family = "\u{1f469}\u{200d}\u{1f467}";
        assert_eq!(
            NAME.read("name", family),
            Ok(family.to_owned()),
            "joined pictures stay"
        );
        assert_eq!(NAME.or_empty().read("tagline", ""), Ok(String::new()));
    }

    #[test]
    fn what_nobody_sees_or_xml_cannot_hold_is_refused_by_name() {
        let invisible = [
            "",
            " ",
            "\u{a0}",
            "\u{3000}",
            "\u{200b}",
            "\u{2060}\u{feff}",
            "\u{ad}",
            "\u{2800}",
            "\u{3164}",
            "\u{115f}",
            "\u{fe0f}",
            "\u{e0041}",
            "\u{34f}",
            "\u{180e}",
            "\u{202e}",
        ];
        let broken = [
            "a\nb",
            "a\rb",
            "a\tb",
            "a\0",
            "\u{7f}a",
            "a\u{85}b",
            "a\u{9b}",
            "a\u{2028}b",
            "a\u{2029}",
            "a\u{fffe}",
            "\u{ffff}a",
        ];
        for text in invisible.into_iter().chain(broken) {
            let cause = NAME.read("name", text).expect_err(text);
            assert!(cause.starts_with("name: "), "{text:?}: {cause}");
            if !text.is_empty() {
                NAME.or_empty().read("tagline", text).expect_err(text);
            }
        }
        let many = TextRule::line(10).multiline();
        assert_eq!(many.read("summary", "a\n\nb"), Ok("a\n\nb".to_owned()));
        for text in ["a\r\nb", "a\u{2028}b", "\n", "a\u{b}"] {
            many.read("summary", text).expect_err(text);
        }
    }

    #[test]
    fn length_is_counted_as_stored() {
        assert!(NAME.read("name", &"e\u{301}".repeat(10)).is_ok());
        let cause = NAME.read("name", &"x".repeat(11)).expect_err("too long");
        assert!(cause.contains("1 to 10") && cause.contains("11"), "{cause}");
    }

    #[test]
    fn search_ignores_case_and_accents() {
        for (text, key) in [
            ("\u{c9}clair", "eclair"),
            ("STRASSE", "strasse"),
            ("Stra\u{df}e", "strasse"),
            ("Stra\u{1e9e}e", "strasse"),
            ("\u{141}\u{f3}d\u{17a}", "lodz"),
            ("Sm\u{f8}rrebr\u{f8}d", "smorrebrod"),
            ("\u{130}stanbul", "istanbul"),
            ("Tr\u{1ea7}n", "tran"),
            (
                "\u{39f}\u{394}\u{39f}\u{3a3}",
                "\u{3bf}\u{3b4}\u{3bf}\u{3c3}",
            ),
            (
                "\u{3bf}\u{3b4}\u{3cc}\u{3c2}",
                "\u{3bf}\u{3b4}\u{3bf}\u{3c3}",
            ),
            ("\u{1fb3}", "\u{3b1}"),
            ("\u{fb01}ne", "fine"),
            ("\u{ff21}\u{ff22}", "ab"),
            ("co\u{ad}op\u{200b}", "coop"),
            ("\u{419}", "\u{438}"),
            ("\u{d55c}\u{ae00}", "\u{d55c}\u{ae00}"),
            ("\u{915}\u{93f}", "\u{915}\u{93f}"),
        ] {
            assert_eq!(search_key(text), key, "{text}");
            assert_eq!(search_key(&search_key(text)), key, "{text} again");
        }
    }
}
