//! The type of a scalar, by the rules of goyaml v2, on which `sigs.k8s.io/yaml` (and so the API
//! server and kubectl) is built. They are neither all of YAML 1.1 nor 1.2, so every case in the
//! tests below was checked against the Go library.

use super::ScalarKind;

/// The tags that change how a scalar is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Bool,
    Int,
    Float,
    Null,
    Timestamp,
    Binary,
    Merge,
    /// `!`, `!!str`, and any other: the text stays a string.
    Str,
}

impl Tag {
    /// The tag with that full name (`tag:yaml.org,2002:int`).
    pub(super) fn named(name: &str) -> Self {
        match name.strip_prefix("tag:yaml.org,2002:").unwrap_or_default() {
            "bool" => Self::Bool,
            "int" => Self::Int,
            "float" => Self::Float,
            "null" => Self::Null,
            "timestamp" => Self::Timestamp,
            "binary" => Self::Binary,
            "merge" => Self::Merge,
            _ => Self::Str,
        }
    }
}

/// Reads a plain scalar without a tag.
pub fn resolve(text: &str) -> ScalarKind {
    match text.as_bytes().first() {
        None | Some(b'~') => word(text),
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') => word(text),
        Some(b'0'..=b'9' | b'+' | b'-') => number(text),
        Some(b'.') => point(text),
        Some(_) => ScalarKind::Str,
    }
}

/// Reads a scalar with a tag: its kind, and its text if the tag changes that too.
///
/// # Errors
/// A sentence, if the text is not of the tag's type.
pub(super) fn tagged(tag: Tag, text: &str) -> Result<(ScalarKind, Option<String>), String> {
    let read = resolve(text);
    let name = match (tag, read) {
        (Tag::Str | Tag::Merge, _) => return Ok((ScalarKind::Str, None)),
        (Tag::Binary, _) => return Ok((ScalarKind::Str, base64(text))),
        (Tag::Bool, ScalarKind::Bool(_))
        | (Tag::Int, ScalarKind::Int(_))
        | (Tag::Float, ScalarKind::Float(_) | ScalarKind::NotJson)
        | (Tag::Null, ScalarKind::Null)
        | (Tag::Timestamp, ScalarKind::Str) => return Ok((read, None)),
        (Tag::Float, ScalarKind::Int(value)) => return Ok((ScalarKind::Float(value as f64), None)),
        (Tag::Int, ScalarKind::Float(_)) if is_integer(text) => return Ok((read, None)),
        (Tag::Bool, _) => "bool",
        (Tag::Int, _) => "int",
        (Tag::Float, _) => "float",
        (Tag::Null, _) => "null",
        (Tag::Timestamp, _) => "timestamp",
    };
    Err(format!("the tag `!!{name}` does not fit this value"))
}

fn word(text: &str) -> ScalarKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => ScalarKind::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            ScalarKind::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            ScalarKind::Bool(false)
        }
        _ => ScalarKind::Str,
    }
}

/// A scalar that begins with a digit or a sign.
fn number(text: &str) -> ScalarKind {
    if is_infinity(text.get(1..).unwrap_or("")) && !text.starts_with(|c: char| c.is_ascii_digit()) {
        return ScalarKind::NotJson;
    }
    // goyaml drops every underscore, wherever it is.
    let digits = text.replace('_', "");
    match integer(&digits) {
        Some(value) => match i64::try_from(value) {
            Ok(value) => ScalarKind::Int(value),
            Err(_) => ScalarKind::Float(value as f64),
        },
        None => float(&digits),
    }
}

/// A scalar that begins with a point: here underscores are only allowed between digits.
fn point(text: &str) -> ScalarKind {
    if is_infinity(text) || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return ScalarKind::NotJson;
    }
    let bytes = text.as_bytes();
    let is_digit =
        |at: Option<usize>| at.and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_digit);
    let mut underscores = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_');
    if underscores.any(|(i, _)| !is_digit(i.checked_sub(1)) || !is_digit(Some(i + 1))) {
        return ScalarKind::Str;
    }
    float(&text.replace('_', ""))
}

fn is_infinity(text: &str) -> bool {
    matches!(text, ".inf" | ".Inf" | ".INF")
}

/// Whether a number that does not fit into 64 bits is still an integer.
fn is_integer(text: &str) -> bool {
    integer(&text.replace('_', "")).is_some()
}

/// Go's `strconv.ParseInt(text, 0, 64)`, then `ParseUint`.
fn integer(text: &str) -> Option<i128> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (digits, radix) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (unsigned.get(2..)?, 16),
        [b'0', b'o' | b'O', ..] => (unsigned.get(2..)?, 8),
        [b'0', b'b' | b'B', ..] => (unsigned.get(2..)?, 2),
        [b'0', _, ..] => (unsigned.get(1..)?, 8),
        _ => (unsigned, 10),
    };
    // `from_str_radix` accepts a sign of its own.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let value = i128::from_str_radix(digits, radix).ok()?;
    let value = if text.starts_with('-') { -value } else { value };
    let most = if unsigned.len() == text.len() { i128::from(u64::MAX) } else { i64::MAX.into() };
    (i128::from(i64::MIN)..=most).contains(&value).then_some(value)
}

/// A decimal float; one that overflows stays a string.
fn float(text: &str) -> ScalarKind {
    let value = is_float(text).then(|| text.parse::<f64>().ok()).flatten();
    value.filter(|value| value.is_finite()).map_or(ScalarKind::Str, ScalarKind::Float)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let all_digits = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let exponent = exponent.map(|e| e.strip_prefix(['+', '-']).unwrap_or(e));
    if exponent.is_some_and(|e| e.is_empty() || !all_digits(e)) {
        return false;
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let given = !whole.is_empty() || !fraction.is_empty();
    given && all_digits(whole) && all_digits(fraction)
}

/// The text in a `!!binary`; `None` if it is not base64 or not text.
fn base64(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count, mut length) = (0_u32, 0_u32, 0_usize);
    let kept = text.bytes().filter(|b| !matches!(b, b' ' | b'\n' | b'\r' | b'\t'));
    let padded: Vec<u8> = kept.collect();
    let data = padded.strip_suffix(b"==").or(padded.strip_suffix(b"=")).unwrap_or(&padded);
    for byte in data {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        length += 1;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    (length % 4 != 1 && padded.len().is_multiple_of(4))
        .then(|| String::from_utf8(bytes).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ScalarKind::{Bool, Float, Int, NotJson, Null, Str};

    #[test]
    fn plain_scalars_are_read_as_goyaml_reads_them() {
        let same = |texts: &[&str], kind: ScalarKind| {
            for text in texts {
                assert_eq!(resolve(text), kind, "{text:?}");
            }
        };
        same(&["", "~", "null", "Null", "NULL"], Null);
        same(
            &["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"],
            Bool(true),
        );
        same(&["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "FALSE"], Bool(false));
        same(&["yEs", "oN", "nULL", "truE", "nil", "none", "~~", "yess"], Str);
        same(&[".inf", "+.Inf", "-.INF", ".nan", ".NaN", ".NAN"], NotJson);
        same(&["1.inf", "+.nan", ".iNF", "inf", "nan"], Str);
        same(&["12:30", "1_0:30", "2001-01-01", "2001-01-01T00:00:00Z", "1.2.3", "12e"], Str);
        same(&["0x", "0b", "0o", "0b12", "0o8", "1e", "1e999", "0x1p3", ".", ".e1", "._5"], Str);
        same(&["=", "-", "+", "--1", "0x+1", "_1", "<<", "1 2", "0xFFFFFFFFFFFFFFFFFF"], Str);
    }

    #[test]
    fn plain_numbers_are_read_as_goyaml_reads_them() {
        let ints = [
            ("80", 80),
            ("0", 0),
            ("00", 0),
            ("-0", 0),
            ("+1", 1),
            ("010", 8),
            ("-017", -15),
            ("0x1F", 31),
            ("0X1f", 31),
            ("-0x1F", -31),
            ("0b11", 3),
            ("-0b1", -1),
            ("0B1", 1),
            ("0o7", 7),
            ("0O7", 7),
            ("1_000", 1000),
            ("1_", 1),
            ("+_1", 1),
            ("1__0", 10),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ];
        for (text, value) in ints {
            assert_eq!(resolve(text), Int(value), "{text:?}");
        }
        let floats = [
            ("08", 8.0),
            ("0_8", 8.0),
            ("1.", 1.0),
            ("1.0", 1.0),
            (".5", 0.5),
            ("-.5", -0.5),
            ("1e3", 1e3),
            ("1E3", 1e3),
            ("1e+3", 1e3),
            ("1_000.5", 1000.5),
            (".5_0", 0.5),
            ("99999999999999999999", 1e20),
            ("18446744073709551615", 18446744073709551615.0),
        ];
        for (text, value) in floats {
            assert_eq!(resolve(text), Float(value), "{text:?}");
        }
    }

    #[test]
    fn tags_decide_or_do_not_fit() {
        let read = |tag, text| tagged(tag, text).map(|(kind, _)| kind);
        assert_eq!(read(Tag::Str, "80"), Ok(Str));
        assert_eq!(read(Tag::Int, "80"), Ok(Int(80)));
        assert_eq!(read(Tag::Float, "0x10"), Ok(Float(16.0)));
        assert_eq!(read(Tag::Bool, "yes"), Ok(Bool(true)));
        assert_eq!(read(Tag::Null, ""), Ok(Null));
        assert_eq!(read(Tag::Timestamp, "2001-01-01"), Ok(Str));
        assert!(read(Tag::Int, "x").is_err());
        assert!(read(Tag::Null, "x").is_err());
        assert!(read(Tag::Int, "1.5").is_err());
    }

    #[test]
    fn binary_is_decoded_if_it_is_text() {
        assert_eq!(base64("aGk=").as_deref(), Some("hi"));
        assert_eq!(base64("aGVs\n bG8h").as_deref(), Some("hello!"));
        assert_eq!(base64(""), Some(String::new()));
        for text in ["%%", "a", "/w==", "aGk"] {
            assert_eq!(base64(text), None, "{text:?}");
        }
    }
}
