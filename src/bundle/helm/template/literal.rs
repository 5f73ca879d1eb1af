//! Numbers and quoted strings as Go writes them.

/// The text of a quoted string (`"…"` or `` `…` ``); `None` if its escapes are invalid.
pub(crate) fn unquote(text: &str) -> Option<String> {
    let quote = text.chars().next()?;
    let inner = text.get(1..text.len().checked_sub(1)?)?;
    if quote == '`' {
        return Some(inner.replace('\r', ""));
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..)?;
        if c != '\\' {
            bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let escape = rest.chars().next()?;
        let plain = match escape {
            'a' => Some(7),
            'b' => Some(8),
            'f' => Some(12),
            'n' => Some(b'\n'),
            'r' => Some(b'\r'),
            't' => Some(b'\t'),
            'v' => Some(11),
            '\\' => Some(b'\\'),
            c if c == quote => Some(c as u8),
            _ => None,
        };
        let (radix, length, from) = match escape {
            'x' => (16, 2, 1),
            'u' => (16, 4, 1),
            'U' => (16, 8, 1),
            '0'..='7' => (8, 3, 0),
            _ => (0, 0, 1),
        };
        if let Some(byte) = plain {
            bytes.push(byte);
            rest = rest.get(1..)?;
            continue;
        }
        if length == 0 {
            return None;
        }
        let digits = rest.get(from..from + length)?;
        let code = u32::from_str_radix(digits, radix).ok()?;
        match escape {
            'u' | 'U' => bytes.extend(char::from_u32(code)?.encode_utf8(&mut [0; 4]).as_bytes()),
            _ => bytes.push(u8::try_from(code).ok()?),
        }
        rest = rest.get(from + length..)?;
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A string in the format of Go's `%q`.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if is_printable(c) => out.push(c),
            c if (c as u32) < 0x80 => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if (c as u32) < 0x10000 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    out.push('"');
    out
}

/// Close enough to Go's `unicode.IsPrint`: neither a control character nor a space except ` `.
fn is_printable(c: char) -> bool {
    let is_hidden = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{f0000}'..);
    c == ' ' || (!c.is_control() && !c.is_whitespace() && !is_hidden)
}

/// A number as written: the types that it may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Number {
    pub(crate) int: Option<i64>,
    pub(crate) float: Option<f64>,
    /// It is written as a float, so it is one if any type is accepted.
    pub(crate) is_float: bool,
}

/// A number, as Go's `newNumber` parses it.
pub(crate) fn number(text: &str) -> Result<Number, String> {
    if text.starts_with('\'') {
        let inner = unquote_char(text).ok_or("malformed character constant: ".to_owned() + text)?;
        let code = i64::from(inner as u32);
        return Ok(Number { int: Some(code), float: Some(code as f64), is_float: false });
    }
    if text.ends_with('i') && !text.starts_with("0x") {
        return Err(format!("complex numbers are not supported: {text}"));
    }
    let mut int = integer(text);
    let is_hex = text.trim_start_matches(['+', '-']).to_ascii_lowercase().starts_with("0x");
    let mut float = int.map(|value| value as f64);
    if int.is_none() && !is_hex {
        let looks_like_float = text.contains(['.', 'e', 'E']);
        let plain = text.replace('_', "");
        float = plain.parse::<f64>().ok().filter(|value| value.is_finite());
        if float.is_some() && !looks_like_float {
            return Err(format!("integer overflow: {}", quoted(text)));
        }
        int = float.filter(|value| value.fract() == 0.0 && value.abs() < 9.2e18).map(|f| f as i64);
    }
    if int.is_none() && float.is_none() {
        return Err(format!("illegal number syntax: {}", quoted(text)));
    }
    let is_float = !is_hex && text.contains(['.', 'e', 'E']);
    Ok(Number { int, float, is_float })
}

fn unquote_char(text: &str) -> Option<char> {
    let inner = text.get(1..text.len().checked_sub(1)?)?;
    let mut chars = inner.chars();
    match (chars.next()?, chars.next()) {
        (c, None) => Some(c),
        ('\\', Some('\'')) => Some('\''),
        ('\\', Some(_)) => {
            let text = unquote(&format!("\"{inner}\""))?;
            let mut chars = text.chars();
            chars.next().filter(|_| chars.next().is_none())
        }
        _ => None,
    }
}

/// Go's `strconv.ParseInt(text, 0, 64)`.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = unsigned.to_ascii_lowercase();
    let (digits, radix) = match lower.as_bytes() {
        [b'0', b'x', ..] => (lower.get(2..)?, 16),
        [b'0', b'o', ..] => (lower.get(2..)?, 8),
        [b'0', b'b', ..] => (lower.get(2..)?, 2),
        [b'0', _, ..] => (lower.get(1..)?, 8),
        _ => (lower.as_str(), 10),
    };
    let digits = digits.replace('_', "");
    if digits.is_empty() || digits.starts_with(['+', '-']) {
        return None;
    }
    let value = i128::from_str_radix(&digits, radix).ok()?;
    i64::try_from(if text.starts_with('-') { -value } else { value }).ok()
}
