//! Packaged charts (`redis-17.3.2.tgz`), unpacked in memory, entry by entry and within limits. Helm
//! reads archives in pkg/chart/loader/archive.go.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

/// The most that a tar archive adds to each entry: headers, and its name if that is long.
const OVERHEAD: u64 = 8 << 10;

/// The files of a package, by their names in the chart: at most `bytes` bytes and `files` files.
///
/// # Errors
/// Why it is skipped, as the end of a sentence that begins with its name.
pub(super) fn unpack(
    package: &[u8],
    bytes: u64,
    files: usize,
) -> Result<Vec<(String, Vec<u8>)>, String> {
    let most = bytes.saturating_add((files as u64).saturating_mul(OVERHEAD));
    let mut archive = Archive::new(MultiGzDecoder::new(package).take(most));
    let mut found: Vec<(String, Vec<u8>)> = Vec::new();
    let mut left = bytes;
    for entry in archive.entries().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::Directory | EntryType::XGlobalHeader | EntryType::XHeader) {
            continue;
        }
        let name = String::from_utf8(entry.path_bytes().into_owned())
            .map_err(|_| "contains a file whose name is not UTF-8".to_owned())?;
        if !matches!(kind, EntryType::Regular | EntryType::Continuous) {
            return Err(format!("contains `{name}`, which is not a regular file"));
        }
        let path = inner_path(&name)?;
        let mut text = Vec::new();
        entry.take(left + 1).read_to_end(&mut text).map_err(unreadable)?;
        left = match left.checked_sub(text.len() as u64) {
            Some(left) if found.len() < files => left,
            _ => return Err("unpacks to more files or bytes than one chart may have".to_owned()),
        };
        let text = text.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(text);
        found.push((path, text));
    }
    if found.is_empty() {
        return Err("contains no files".to_owned());
    }
    Ok(found)
}

/// The path of an entry in the chart: without the archive's only directory, and with `/` between
/// its parts, whichever separator the archive uses.
fn inner_path(name: &str) -> Result<String, String> {
    let outside = || format!("contains `{name}`, a path outside the chart");
    let has_drive = name.as_bytes().get(1) == Some(&b':');
    if name.starts_with(['/', '\\']) || has_drive || name.contains('\0') {
        return Err(outside());
    }
    let parts: Vec<&str> = name.split(['/', '\\']).collect();
    if parts.contains(&"..") {
        return Err(outside());
    }
    let below = parts.iter().skip(1).filter(|part| !matches!(**part, "" | "."));
    let path = below.copied().collect::<Vec<_>>().join("/");
    if path.is_empty() { Err(outside()) } else { Ok(path) }
}

fn unreadable(error: io::Error) -> String {
    format!("can't be unpacked: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use tar::{Builder, Header};

    fn package(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut packed = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, kind, bytes) in entries {
            let mut header = Header::new_gnu();
            // Written directly, because the crate rejects such names.
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(bytes.len() as u64);
            header.set_cksum();
            packed.append(&header, *bytes).unwrap();
        }
        packed.into_inner().unwrap().finish().unwrap()
    }

    const FILE: EntryType = EntryType::Regular;

    fn of(package: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
        unpack(package, 1 << 20, 100)
    }

    #[test]
    fn files_have_their_names_in_the_chart() {
        let package = package(&[
            ("db", EntryType::Directory, b""),
            ("db/Chart.yaml", FILE, b"\xef\xbb\xbfname: db\n"),
            ("db//./values.yaml", FILE, b"a: 1\n"),
            ("db\\templates\\a.yaml", FILE, b"a: 1\n"),
        ]);
        let files = of(&package).unwrap();
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Chart.yaml", "values.yaml", "templates/a.yaml"]);
        assert_eq!(files[0].1, b"name: db\n");
    }

    #[test]
    fn links_outside_the_chart_and_special_files_are_rejected() {
        let escapes = ["../x", "db/../../x", "/etc/x", "\\x", "C:/x", "db\\..\\x", "db"];
        for name in escapes {
            assert!(of(&package(&[(name, FILE, b"x")])).is_err(), "{name}");
        }
        for kind in [EntryType::Symlink, EntryType::Link, EntryType::Fifo, EntryType::Char] {
            assert!(of(&package(&[("db/x", kind, b"")])).is_err(), "{kind:?}");
        }
        assert!(of(b"no archive").is_err() && of(&package(&[])).is_err());
    }

    #[test]
    fn a_package_that_unpacks_to_too_much_is_rejected() {
        let bomb = package(&[("db/x", FILE, &vec![0; 2 << 20])]);
        assert!(bomb.len() < 1 << 16);
        assert!(of(&bomb).is_err());
        let many: Vec<(&str, EntryType, &[u8])> = vec![("db/x", FILE, b""); 101];
        assert!(of(&package(&many)).is_err());
    }
}
