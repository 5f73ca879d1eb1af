//! What a plain scalar is read as: YAML 1.1 as goyaml v2 has it (gopkg.in/yaml.v2, resolve.go),
//! which is what sigs.k8s.io/yaml and so the API's clients use.

use super::node::ScalarKind;

/// The type of a plain scalar.
pub fn resolve(text: &str) -> ScalarKind {
    let Some(&first) = text.as_bytes().first() else {
        return ScalarKind::Null;
    };
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(text),
        b'~' | b'n' | b'N' | b'y' | b'Y' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' => word(text),
        _ => ScalarKind::Str,
    }
}

fn word(text: &str) -> ScalarKind {
    match text {
        "~" | "null" | "Null" | "NULL" => ScalarKind::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            ScalarKind::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            ScalarKind::Bool(false)
        }
        _ => ScalarKind::Str,
    }
}

/// resolve.go tries in this order: a date (a string to JSON), an integer of any notation, a
/// float by a pattern.
fn number(text: &str) -> ScalarKind {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf" | "-.INF"
        | ".nan" | ".NaN" | ".NAN" => return ScalarKind::NotJson,
        _ => {}
    }
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    if let Some(kind) = integer(&plain) {
        return kind;
    }
    if is_float(text) || (plain.len() != text.len() && is_float(&plain)) {
        return plain.parse().map_or(ScalarKind::Str, ScalarKind::Float);
    }
    ScalarKind::Str
}

fn integer(text: &str) -> Option<ScalarKind> {
    let (negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    match i128::from_str_radix(digits, radix) {
        Ok(value) => {
            let value = if negative { -value } else { value };
            Some(i64::try_from(value).map_or(ScalarKind::Float(value as f64), ScalarKind::Int))
        }
        Err(_) => Some(ScalarKind::Float(f64::INFINITY)),
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        None => digits(mantissa),
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
    };
    let exponent_fits =
        exponent.is_none_or(|part| digits(part.strip_prefix(['-', '+']).unwrap_or(part)));
    mantissa_fits && exponent_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_1_1_as_the_api_clients_read_it() {
        for text in ["y", "Yes", "ON", "true"] {
            assert_eq!(resolve(text), ScalarKind::Bool(true), "{text}");
        }
        for text in ["n", "No", "off", "FALSE"] {
            assert_eq!(resolve(text), ScalarKind::Bool(false), "{text}");
        }
        for text in ["", "~", "null", "NULL"] {
            assert_eq!(resolve(text), ScalarKind::Null, "{text}");
        }
        let integers = [
            ("123", 123),
            ("0x1F", 31),
            ("010", 8),
            ("0b11", 3),
            ("0o7", 7),
            ("1_000", 1000),
            ("-5", -5),
            ("+5", 5),
        ];
        for (text, value) in integers {
            assert_eq!(resolve(text), ScalarKind::Int(value), "{text}");
        }
        for (text, value) in [
            ("1e3", 1000.0),
            ("1.0", 1.0),
            (".5", 0.5),
            ("8e1", 80.0),
            ("089", 89.0),
        ] {
            assert_eq!(resolve(text), ScalarKind::Float(value), "{text}");
        }
        for text in [
            "2001-01-01",
            "12:30",
            "12e",
            "1.2.3",
            "app",
            "-",
            "yEs",
            "10.0.0.0/8",
            "0x",
        ] {
            assert_eq!(resolve(text), ScalarKind::Str, "{text}");
        }
        assert_eq!(resolve(".inf"), ScalarKind::NotJson);
    }
}
