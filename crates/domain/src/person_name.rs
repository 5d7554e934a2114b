use std::fmt;

use crate::IdentityError;
use crate::typed::half_width;

/// The dots that keyboards and lists put into names of minorities, all meant for `·`.
const DOTS: [char; 9] = ['·', '•', '‧', '・', '･', '．', '.', '∙', '⋅'];

/// A person's name as on their document, in one spelling: 2 to 50 characters.
///
/// Chinese names in any character that Unicode has, the middle dot between the parts of a minority's
/// name, Latin and other alphabets for foreigners. Compared as it is: nobody is renamed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PersonName(String);

impl PersonName {
    /// Brings blanks, full-width letters and dots to one form. Refuses digits, signs, control characters
    /// and characters of private use, which print differently on each machine.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let text = half_width(text);
        let chinese = text.chars().any(is_han);
        let mut name = String::new();
        for part in text.split_whitespace() {
            // People space out short Chinese names to make columns even: 张　三.
            if !name.is_empty() && !chinese {
                name.push(' ');
            }
            name.push_str(part);
        }
        if chinese {
            name = name
                .chars()
                .map(|c| if DOTS.contains(&c) { '·' } else { c })
                .collect();
        }
        let joint = |c: char| match c {
            '·' => chinese,
            ' ' | '.' | '-' | '\'' | '’' => !chinese,
            _ => false,
        };
        let letter = |c: char| {
            if chinese {
                is_han(c)
            } else {
                c.is_alphabetic() || is_mark(c)
            }
        };
        let fits = (2..=50).contains(&name.chars().count())
            && name.chars().all(|c| letter(c) || joint(c))
            && name.starts_with(letter)
            && name.ends_with(|c| letter(c) || c == '.')
            && !name.contains("··");
        fits.then_some(Self(name)).ok_or(IdentityError::Name)
    }

    /// The name as printed. Personal: seal it, never log it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As others may see it: `符**`, `王*`.
    pub fn masked(&self) -> String {
        let mut chars = self.0.chars();
        let first = chars.next().into_iter();
        let rest = chars.count().min(2);
        first.chain(std::iter::repeat_n('*', rest)).collect()
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(redacted)")
    }
}

/// Chinese characters of every plane, with 〇.
fn is_han(c: char) -> bool {
    matches!(u32::from(c),
        0x3007 | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff)
}

/// Accents that stand after their letter.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x300..=0x36f)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_every_script_are_taken_as_they_are() {
        for good in [
            "符秀英",
            "王勇",
            "𬱖𫛚",
            "欧阳〇一",
            "㛃㛃",
            "阿卜杜拉·买买提",
            "玛丽亚姆古丽·阿不都热依木江·艾合买提",
            "John Smith",
            "Ñandú O'Brien-García",
            "Martin Luther King Jr.",
            "Анна Каренина",
            "Nguyễn Văn A",
        ] {
            assert_eq!(PersonName::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn one_name_has_one_spelling() {
        for (typed, name) in [
            (" 张　三 ", "张三"),
            ("张 三", "张三"),
            ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
            ("阿卜杜拉.买买提", "阿卜杜拉·买买提"),
            ("阿卜杜拉．买买提", "阿卜杜拉·买买提"),
            ("阿卜杜拉 · 买买提", "阿卜杜拉·买买提"),
            ("Ｊｏｈｎ  Smith", "John Smith"),
        ] {
            assert_eq!(PersonName::parse(typed).unwrap().as_str(), name, "{typed}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for bad in [
            "",
            "符",
            "张3",
            "123",
            "·张三",
            "张三·",
            "张··三",
            "张三(女)",
            "=HYPERLINK",
            "<b>张三</b>",
            "张\u{0}三",
            "张\u{202e}三",
            "张\u{e000}",
            "张smith",
            "😀😀",
            &"张".repeat(51),
            "- -",
        ] {
            assert_eq!(PersonName::parse(bad), Err(IdentityError::Name), "{bad:?}");
        }
        assert!(PersonName::parse(&"张".repeat(50)).is_ok());
    }

    #[test]
    fn mlps_22_a_name_is_shown_masked_and_never_in_debug() {
        for (name, masked) in [
            ("符秀英", "符**"),
            ("王勇", "王*"),
            ("𬱖𫛚", "𬱖*"),
            ("阿卜杜拉·买买提", "阿**"),
        ] {
            let name = PersonName::parse(name).unwrap();
            assert_eq!(name.masked(), masked);
            assert_eq!(format!("{name:?}"), "PersonName(redacted)");
        }
    }

    proptest! {
        #[test]
        fn parsing_what_was_parsed_changes_nothing(text in "\\PC{0,30}") {
            if let Ok(name) = PersonName::parse(&text) {
                prop_assert_eq!(PersonName::parse(name.as_str()), Ok(name));
            }
        }
    }
}
