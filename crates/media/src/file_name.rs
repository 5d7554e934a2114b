//! The names that a file of an asset can have; any other name does not exist.

/// Is it a bare name (letters, digits, `_`, `-`) with a known ending? Then also its content type.
pub(crate) fn content_type(name: &str) -> Option<&'static str> {
    match name {
        POSTER => return Some("image/jpeg"),
        CAPTIONS => return Some("text/vtt; charset=utf-8"),
        _ => {}
    }
    let (stem, ending) = name.rsplit_once('.')?;
    let bare = !stem.is_empty()
        && stem.len() <= 64
        && stem
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    match ending {
        "m3u8" if bare => Some("application/vnd.apple.mpegurl"),
        "ts" if bare => Some("video/mp2t"),
        "m4s" if bare => Some("video/iso.segment"),
        _ => None,
    }
}

/// The playlist that names the renditions.
pub(crate) const MASTER: &str = "master.m3u8";
/// A still of the video.
pub(crate) const POSTER: &str = "poster.jpg";
/// The captions.
pub(crate) const CAPTIONS: &str = "captions.vtt";

#[cfg(test)]
mod tests {
    use super::content_type;

    #[test]
    fn only_names_that_an_asset_can_have_have_a_type() {
        for name in ["master.m3u8", "720p.m3u8", "720p_0001.ts", "a-1.m4s"] {
            assert!(content_type(name).is_some(), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            ".ts",
            "../x.ts",
            "a/b.ts",
            "a\\b.ts",
            "%2e%2e.ts",
            "a..ts",
            "x.ts\0",
            "key.bin",
            "poster.png",
            "Poster.jpg",
            "源.ts",
            "a.m3u8.bak",
            "/etc/passwd",
        ] {
            assert_eq!(content_type(name), None, "{name}");
        }
    }
}
