//! The text of a file's bytes: UTF-8, or UTF-16 that says so with a byte order mark, as the YAML
//! specification (5.2) and kubectl and kustomize have it.

use std::borrow::Cow;

/// The text of bytes.
///
/// # Errors
/// The first byte that is no text.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, usize> {
    let Some(unit) = wide(bytes) else {
        return std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|it| it.valid_up_to());
    };
    let (pairs, rest) = bytes.as_chunks::<2>();
    let text: Result<String, _> = char::decode_utf16(pairs.iter().copied().map(unit)).collect();
    match text {
        Ok(text) if rest.is_empty() => Ok(Cow::Owned(text)),
        _ => Err(0),
    }
}

/// The same, with what is no text replaced.
pub fn decode_lossy(bytes: &[u8]) -> Cow<'_, str> {
    decode(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes))
}

/// Whether bytes are UTF-16, by their byte order mark.
pub fn is_utf16(bytes: &[u8]) -> bool {
    wide(bytes).is_some()
}

/// How two bytes of UTF-16 become a unit.
fn wide(bytes: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    match bytes {
        [0xff, 0xfe, ..] => Some(u16::from_le_bytes),
        [0xfe, 0xff, ..] => Some(u16::from_be_bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn both_orders_are_read() {
        let text = "\u{feff}kind: Pod # \u{1f980} ü\n";
        for bytes in [utf16(text, u16::to_le_bytes), utf16(text, u16::to_be_bytes)] {
            assert_eq!(decode(&bytes).unwrap(), text);
            assert!(is_utf16(&bytes));
        }
        assert_eq!(decode(text.as_bytes()).unwrap(), text);
    }

    #[test]
    fn what_is_no_text_is_rejected() {
        let whole = utf16("\u{feff}kind", u16::to_le_bytes);
        assert_eq!(decode(&whole[..whole.len() - 1]), Err(0), "half a unit");
        assert_eq!(decode(&[0xff, 0xfe, 0x00, 0xd8, 0x61, 0x00]), Err(0), "half a pair");
        assert_eq!(decode(b"abc\xff"), Err(3));
        assert_eq!(decode(&utf16("kind", u16::to_be_bytes)[..]).unwrap(), "\0k\0i\0n\0d");
    }
}
