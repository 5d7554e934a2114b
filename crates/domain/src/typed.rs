//! What people type into a form, brought to one spelling.

/// Full-width letters, digits and signs become half-width, and blanks at the ends go.
pub(crate) fn half_width(text: &str) -> String {
    let half = |c: char| match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(c) - 0xfee0).expect("full-width signs stand beside ASCII")
        }
        _ => c,
    };
    text.trim()
        .chars()
        .map(half)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// The same for a number: without the blanks and dashes by which people group it, capitals only.
pub(crate) fn number(text: &str) -> String {
    half_width(text)
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}'))
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// The first and last characters, stars between them.
pub(crate) fn masked(text: &str, first: usize, last: usize) -> String {
    let count = text.chars().count();
    let hidden = |at: usize| at >= first && at + last < count;
    text.chars()
        .enumerate()
        .map(|(at, c)| if hidden(at) { '*' } else { c })
        .collect()
}
