//! What a new password must be: long enough, and not one that a guesser tries first.
//!
//! For learners no composition rules and no forced change: they make people choose worse. Staff has both,
//! since GB/T 22239 asks for them.

use crate::{LoginName, Rejection};

/// Words that people build passwords from, one a line: pinyin names and phrases, places, keyboard walks.
const COMMON: &str = include_str!("common_passwords.txt");

/// Checks a new password of the learner who logs in as `login_name`. Nothing is trimmed or normalised.
///
/// Counts characters, not bytes: eight Chinese characters are a password.
pub fn check_new_password(password: &str, login_name: &LoginName) -> Result<(), Rejection> {
    match password.chars().count() {
        0..8 => return Err(Rejection::PasswordShort),
        129.. => return Err(Rejection::PasswordLong),
        _ => {}
    }
    if is_common(password, login_name.as_str()) {
        return Err(Rejection::PasswordCommon);
    }
    Ok(())
}

/// Checks a new password of a member of staff: at least 12 characters of three of the four kinds (capital
/// letters, small letters, digits, everything else), and not a common one.
///
/// Source: GB/T 22239-2019, level 2, 身份鉴别 a). That it is none of the last ones is seen by their hashes.
pub fn check_new_staff_password(password: &str, login_name: &LoginName) -> Result<(), Rejection> {
    if password.chars().count() < 12 {
        return Err(Rejection::StaffPasswordShort);
    }
    let kinds: [fn(char) -> bool; 4] = [
        |c| c.is_ascii_uppercase(),
        |c| c.is_ascii_lowercase(),
        |c| c.is_ascii_digit(),
        |c| !c.is_ascii_alphanumeric(),
    ];
    if kinds
        .iter()
        .filter(|kind| password.chars().any(kind))
        .count()
        < 3
    {
        return Err(Rejection::StaffPasswordSimple);
    }
    check_new_password(password, login_name)
}

/// A common word, once or repeated, with the digits and marks that people add before or after it.
fn is_common(password: &str, login_name: &str) -> bool {
    let lower = password.to_lowercase();
    let few_kinds = {
        let mut kinds: Vec<char> = lower.chars().collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds.len() <= 3
    };
    let listed = |word: &str| word == login_name || COMMON.lines().any(|line| line == word);
    let added = |c: char| !c.is_alphabetic();
    let word = lower.trim_matches(added);
    let decoration = lower.chars().count() - word.chars().count();
    few_kinds
        || is_walk(&lower)
        || is_birthday(&lower)
        || listed(&lower)
        || (decoration <= 8 && (word.is_empty() || listed(word)))
        || twice(&lower).is_some_and(|half| listed(half.trim_matches(added)))
}

/// Each character follows its neighbour by the same step: `abcdefgh`, `87654321`.
fn is_walk(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    codes
        .windows(3)
        .all(|w| w[1] - w[0] == w[2] - w[1] && (w[1] - w[0]).abs() <= 1)
}

/// Eight digits that name a day (19900215), with letters around them or without.
fn is_birthday(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let letters = text.chars().count() - digits.len();
    digits.len() == 8
        && letters <= 3
        && ("19000101"..="20401231").contains(&digits.as_str())
        && ("01"..="12").contains(&&digits[4..6])
        && ("01"..="31").contains(&&digits[6..8])
}

/// The half of a text that is the same thing twice.
fn twice(text: &str) -> Option<&str> {
    let half = text.len() / 2;
    let (first, second) = text.split_at_checked(half)?;
    (first == second).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asvs_25_common_passwords_are_refused_and_long_ones_of_any_script_are_taken() {
        let name = LoginName::parse("fuxiuying").unwrap();
        let check = |password: &str| check_new_password(password, &name);
        for common in [
            "12345678",
            "123456789",
            "87654321",
            "11111111",
            "88888888",
            "66668888",
            "password",
            "Password1",
            "password123",
            "P@ssw0rd",
            "qwertyui",
            "qwerty123",
            "1qaz2wsx",
            "abcdefgh",
            "woaini1314",
            "woaini520",
            "iloveyou",
            "zhangwei123",
            "wangfang1990",
            "lixiuying",
            "hainan2026",
            "haikou123",
            "sanya8888",
            "qionghai@123",
            "19900215",
            "zw19900215",
            "admin123",
            "administrator",
            "fuxiuying1",
            "Fuxiuying@2026",
            "abcabcab",
            "a1234567",
            "zhipei2026",
            "xuexi12345",
            "hainanhainan",
        ] {
            assert_eq!(check(common), Err(Rejection::PasswordCommon), "{common}");
        }
        for short in ["", "a", "1234567", "七个字不算长呀"] {
            assert_eq!(check(short), Err(Rejection::PasswordShort), "{short}");
        }
        let long = "密码😀 ".repeat(16);
        assert_eq!(long.chars().count(), 64);
        for good in [
            long.as_str(),
            "correct horse battery staple",
            "海上生明月天涯共此时",
            "kT7#mvq2Lp",
            "spaces are fine too",
            "maolin-yezi-42-dao",
            &"长".repeat(4).replace("长长", "椰风海韵"),
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        assert_eq!(check(&"ab7 ".repeat(33)), Err(Rejection::PasswordLong));
    }

    #[test]
    fn mlps_01_a_staff_password_has_twelve_characters_of_three_kinds_and_is_not_common() {
        let name = LoginName::parse("chenjing").unwrap();
        let check = |password: &str| check_new_staff_password(password, &name);
        for (password, expected) in [
            ("Ab1!Ab1!xyz", Err(Rejection::StaffPasswordShort)),
            ("椰风海韵A1椰风海韵b", Err(Rejection::StaffPasswordShort)),
            ("abcdefghijkl", Err(Rejection::StaffPasswordSimple)),
            ("mvqkt82mvqkt", Err(Rejection::StaffPasswordSimple)),
            ("MVQKT82QLPW1", Err(Rejection::StaffPasswordSimple)),
            (
                "椰风海韵天涯共此时海上生明月",
                Err(Rejection::StaffPasswordSimple),
            ),
            ("Password12345", Err(Rejection::PasswordCommon)),
            ("Chenjing2026!", Err(Rejection::PasswordCommon)),
            ("Admin@123456", Err(Rejection::PasswordCommon)),
            ("Mvqkt82qlpw7", Ok(())),
            ("mvqkt-82-qlp", Ok(())),
            ("椰风海韵 Ab 天涯共此时", Ok(())),
        ] {
            assert_eq!(check(password), expected, "{password}");
        }
        let long = "Ab1 ".repeat(33);
        assert_eq!(check(&long), Err(Rejection::PasswordLong));
    }
}
