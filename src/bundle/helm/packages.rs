//! Packaged charts (`charts/redis-17.3.2.tgz`): helm never reads what a repository packed. Each is
//! unpacked in memory, entry by entry and within bounds, and packed anew without what may not
//! reach helm. What helm makes of an archive is in pkg/chart/loader/archive.go.

use std::io::{self, Read};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use tar::{Archive, Builder, EntryType, Header};

use super::stage::is_schema;

/// Packages within packages.
const DEPTH: usize = 8;
/// What a tar archive adds to each entry, at most: headers, and its name where that is long.
const OVERHEAD: u64 = 8 << 10;

/// What may still be unpacked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) bytes: u64,
    pub(super) files: usize,
}

/// The package as helm may read it.
///
/// # Errors
/// Why it is not handed over, as the end of a sentence that begins with its name.
pub(super) fn repacked(package: &[u8], room: &mut Room) -> Result<Vec<u8>, String> {
    repacked_within(package, room, 0)
}

fn repacked_within(package: &[u8], room: &mut Room, depth: usize) -> Result<Vec<u8>, String> {
    if depth > DEPTH {
        return Err(format!("contains nested packages, more than {DEPTH} levels deep"));
    }
    let most = room.bytes.saturating_add(room.files as u64 * OVERHEAD);
    let mut archive = Archive::new(MultiGzDecoder::new(package).take(most));
    let mut packed = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
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
        if path.rsplit('/').next().is_some_and(is_schema) {
            continue;
        }
        let mut bytes = contents(&mut entry, room)?;
        if is_package(&path) {
            bytes = repacked_within(&bytes, room, depth + 1)?;
        }
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        let added = packed.append_data(&mut header, format!("chart/{path}"), &bytes[..]);
        added.map_err(unreadable)?;
    }
    packed.into_inner().and_then(GzEncoder::finish).map_err(unreadable)
}

fn contents(entry: &mut impl Read, room: &mut Room) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    entry.take(room.bytes + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > room.bytes || room.files == 0 {
        return Err("unpacks to more files or bytes than one chart may have".to_owned());
    }
    room.bytes -= bytes.len() as u64;
    room.files -= 1;
    Ok(bytes)
}

/// The path of an entry within the chart: without the archive's only directory, and with `/`
/// between its parts, whichever of both separators the archive has.
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

/// Whether helm takes the file of that path for a packaged chart.
pub(super) fn is_package(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let is_packed = parts.next().is_some_and(|name| name.ends_with(".tgz"));
    is_packed && parts.next() == Some("charts")
}

fn unreadable(error: io::Error) -> String {
    format!("can't be unpacked: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { bytes: 1 << 20, files: 100 };

    fn package(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut packed = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, kind, bytes) in entries {
            let mut header = Header::new_gnu();
            // As it is: the crate itself rejects names that climb.
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(bytes.len() as u64);
            header.set_cksum();
            packed.append(&header, *bytes).unwrap();
        }
        packed.into_inner().unwrap().finish().unwrap()
    }

    fn names(package: &[u8]) -> Vec<String> {
        let mut archive = Archive::new(MultiGzDecoder::new(package));
        let entries = archive.entries().unwrap();
        entries.map(|it| it.unwrap().path().unwrap().to_string_lossy().into_owned()).collect()
    }

    const FILE: EntryType = EntryType::Regular;

    #[test]
    fn schemas_are_left_out_at_any_depth_and_all_else_is_kept() {
        let inner = package(&[
            ("redis/Chart.yaml", FILE, b"name: redis\n"),
            ("redis/values.schema.json", FILE, b"{}"),
        ]);
        let outer = package(&[
            ("db", EntryType::Directory, b""),
            ("db/Chart.yaml", FILE, b"name: db\n"),
            ("db\\values.schema.json", FILE, b"{}"),
            ("db//./values.schema.json", FILE, b"{}"),
            ("db/charts/sub/values.schema.json", FILE, b"{}"),
            ("db/charts/redis-1.tgz", FILE, &inner),
            ("db/templates/a.yaml", FILE, b"a: 1\n"),
        ]);
        let repacked = repacked(&outer, &mut { ROOM }).unwrap();
        let kept = ["chart/Chart.yaml", "chart/charts/redis-1.tgz", "chart/templates/a.yaml"];
        assert_eq!(names(&repacked), kept);
        let mut archive = Archive::new(MultiGzDecoder::new(&repacked[..]));
        let mut nested = archive.entries().unwrap().nth(1).unwrap().unwrap();
        let mut bytes = Vec::new();
        nested.read_to_end(&mut bytes).unwrap();
        assert_eq!(names(&bytes), ["chart/Chart.yaml"]);
    }

    #[test]
    fn what_leads_out_of_the_chart_or_is_no_file_is_rejected() {
        let escapes = ["../x", "db/../../x", "/etc/x", "\\x", "C:/x", "db\\..\\x", "db"];
        for name in escapes {
            assert!(repacked(&package(&[(name, FILE, b"x")]), &mut { ROOM }).is_err(), "{name}");
        }
        for kind in [EntryType::Symlink, EntryType::Link, EntryType::Fifo, EntryType::Char] {
            assert!(repacked(&package(&[("db/x", kind, b"")]), &mut { ROOM }).is_err(), "{kind:?}");
        }
        assert!(repacked(b"no archive", &mut { ROOM }).is_err());
    }

    #[test]
    fn a_package_that_unpacks_to_too_much_is_rejected() {
        let bomb = package(&[("db/x", FILE, &vec![0; 2 << 20])]);
        assert!(bomb.len() < 1 << 16);
        assert!(repacked(&bomb, &mut { ROOM }).is_err());
        let many: Vec<(&str, EntryType, &[u8])> = vec![("db/x", FILE, b""); 101];
        assert!(repacked(&package(&many), &mut { ROOM }).is_err());
        let mut nested = package(&[("db/x", FILE, b"")]);
        for _ in 0..12 {
            nested = package(&[("db/charts/a.tgz", FILE, &nested)]);
        }
        assert!(repacked(&nested, &mut { ROOM }).unwrap_err().contains("deep"));
    }

    #[test]
    fn what_helm_takes_for_a_package() {
        assert!(is_package("charts/a.tgz") && is_package("charts/b/charts/a.tgz"));
        assert!(
            !is_package("files/a.tgz") && !is_package("charts/a/b.tgz") && !is_package("a.tgz")
        );
    }
}
