//! Packed charts (`redis-17.3.2.tgz`), unpacked in memory.

use std::io::Read;

use flate2::read::GzDecoder;

/// The files of a package, by their names in the chart. No more than `bytes` bytes and `files`
/// files.
///
/// # Errors
/// What is wrong with it, as the end of a sentence.
pub(super) fn unpack(
    packed: &[u8],
    bytes: u64,
    files: usize,
) -> Result<Vec<(String, Vec<u8>)>, String> {
    // The directories and the padding of an archive count too.
    let limited = GzDecoder::new(packed).take(bytes.saturating_mul(2).saturating_add(1 << 20));
    let mut archive = tar::Archive::new(limited);
    let broken = |error: std::io::Error| format!("can't be unpacked: {error}");
    let mut found: Vec<(String, Vec<u8>)> = Vec::new();
    let mut left = bytes;
    for (count, entry) in archive.entries().map_err(broken)?.enumerate() {
        let entry = entry.map_err(broken)?;
        if count >= files {
            return Err(format!("holds more than {files} files"));
        }
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path_bytes().into_owned();
        let path = String::from_utf8_lossy(&path).replace('\\', "/");
        let Some((_, name)) = path.split_once('/') else {
            return Err("has a file outside of its directory".to_owned());
        };
        if name.split('/').any(|part| part == "..") || name.starts_with('/') || name.is_empty() {
            return Err("names a file outside of its directory".to_owned());
        }
        let mut text = Vec::new();
        entry.take(left + 1).read_to_end(&mut text).map_err(broken)?;
        left = left
            .checked_sub(text.len() as u64)
            .ok_or_else(|| format!("holds more than {} MiB", bytes >> 20))?;
        let text = text.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(text);
        found.push((name.to_owned(), text));
    }
    match found.is_empty() {
        true => Err("holds no files".to_owned()),
        false => Ok(found),
    }
}
