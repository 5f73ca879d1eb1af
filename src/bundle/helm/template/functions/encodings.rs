//! sprig's encodings and checksums.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha512};

use super::super::json::{self, Style};
use super::{Call, Error, Function, Outcome, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("b64enc", "s", |call| {
        call.budget.room(call.str(0).len() * 2)?;
        Ok(STANDARD.encode(call.str(0)).into())
    }),
    function("b64dec", "s", |call| {
        let text: String = call.str(0).chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        Ok(match STANDARD.decode(&text) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
            Err(error) => {
                let at = match error {
                    base64::DecodeError::InvalidByte(at, _) => at,
                    _ => text.len() / 4 * 4,
                };
                format!("illegal base64 data at input byte {at}").into()
            }
        })
    }),
    function("b32enc", "s", |call| Ok(base32(call.str(0).as_bytes()).into())),
    function("b32dec", "s", |call| {
        Ok(match from_base32(call.str(0)) {
            Some(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
            None => "illegal base32 data at input byte 0".into(),
        })
    }),
    function("sha256sum", "s", |call| Ok(hex(&Sha256::digest(call.str(0))).into())),
    function("sha512sum", "s", |call| Ok(hex(&Sha512::digest(call.str(0))).into())),
    function("sha1sum", "s", |call| Ok(hex(&sha1::Sha1::digest(call.str(0))).into())),
    function("adler32sum", "s", |call| {
        let (a, b) = call.str(0).bytes().fold((1u32, 0u32), |(a, b), byte| {
            let a = (a + u32::from(byte)) % 65521;
            (a, (b + a) % 65521)
        });
        Ok(((b << 16) | a).to_string().into())
    }),
    function("toJson", "a", |call| encoded(call, Style::Plain)),
    function("mustToJson", "a", |call| encoded(call, Style::Plain)),
    function("toPrettyJson", "a", |call| encoded(call, Style::Pretty)),
    function("mustToPrettyJson", "a", |call| encoded(call, Style::Pretty)),
    function("toRawJson", "a", |call| encoded(call, Style::Raw)),
    function("mustToRawJson", "a", |call| encoded(call, Style::Raw)),
    function("mustFromJson", "s", |call| {
        json::read(&call.traced(0), call.origins, call.budget)?.map_err(Error::from)
    }),
];

fn encoded(call: &mut Call<'_>, style: Style) -> Outcome {
    Ok(json::write(&call.arg(0), style, call.budget)?.into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let mut bits = [0u8; 5];
        for (to, from) in bits.iter_mut().zip(chunk) {
            *to = *from;
        }
        let all = bits.iter().fold(0u64, |all, byte| (all << 8) | u64::from(*byte));
        let used = (chunk.len() * 8).div_ceil(5);
        for nth in 0..8 {
            let letter = ALPHABET.get(((all >> (35 - nth * 5)) & 31) as usize);
            let letter = letter.copied().unwrap_or(b'=');
            out.push(if nth < used { letter as char } else { '=' });
        }
    }
    out
}

fn from_base32(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut bytes) = (0u32, 0, Vec::new());
    for byte in text.trim_end_matches('=').bytes() {
        let value = ALPHABET.iter().position(|letter| *letter == byte)?;
        bits = (bits << 5) | value as u32;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}
