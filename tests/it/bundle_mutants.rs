//! Kustomizations, patches and bases, mutated at random: no panic, no hang, no lost neighbour.

use crate::broken;
use crate::mutate;
use crate::shared;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use broken::{Folder, WRONG};
use mutate::{Random, mutate};

const MUTANTS: usize = 2_000;
/// What one mutant may take, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// A few files that belong together.
type Files = Vec<(String, Vec<u8>)>;

#[test]
fn no_mutant_of_a_bundle_panics_hangs_or_hides_its_neighbour() {
    let mut bundles = stories();
    assert!(bundles.len() >= 10, "only {} stories", bundles.len());
    if let Some(corpus) = shared::shared("corpus") {
        let of_corpus = kustomizations(&corpus);
        assert!(of_corpus.len() >= 100, "only {} kustomizations", of_corpus.len());
        bundles.extend(of_corpus);
    }
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let bundles = &bundles;
            scope.spawn(move || {
                // A pool of its own: other tests of this program use the shared one for a long
                // time.
                let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
                for number in (thread..MUTANTS).step_by(threads) {
                    let mut random = Random(0x9e37_79b9 ^ (number as u64 + 1) << 20);
                    let mut files = bundles[random.below(bundles.len())].clone();
                    for _ in 0..=random.below(2) {
                        let at = random.below(files.len());
                        let text = std::mem::take(&mut files[at].1);
                        files[at].1 = mutate(&text, &mut random);
                    }
                    pool.install(|| try_one(&files, number));
                }
            });
        }
    });
    println!("{MUTANTS} mutants of {} bundles tried", bundles.len());
}

fn try_one(files: &Files, number: usize) {
    let folder = Folder::new();
    folder.write("neighbour/wrong.yaml", WRONG);
    files.iter().for_each(|(name, bytes)| folder.write_bytes(name, bytes));
    let started = Instant::now();
    let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| folder.run()));
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert!(run.is_ok(), "mutant {number} of {names:?}");
    assert!(started.elapsed() < PATIENCE, "mutant {number} took {:?}", started.elapsed());
}

/// Our own overlay examples, each of several files.
fn stories() -> Vec<Files> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/overlays");
    let story = |path: PathBuf| {
        let mut files: Files = Vec::new();
        for line in std::fs::read_to_string(path).unwrap().lines() {
            if let Some(name) = line.strip_prefix("# file: ") {
                files.push((name.trim().to_owned(), Vec::new()));
            } else if let Some((_, text)) = files.last_mut() {
                text.extend(line.bytes().chain([b'\n']));
            }
        }
        files
    };
    let paths = sorted(&folder).into_iter().filter(|path| path.is_file());
    paths.map(story).filter(|files| !files.is_empty()).collect()
}

/// Each kustomization below a directory, with the small files beside it.
fn kustomizations(folder: &Path) -> Vec<Files> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = sorted(&folder);
        let is_kustomization = |path: &PathBuf| path.ends_with("kustomization.yaml");
        if entries.iter().any(is_kustomization) {
            let small =
                |path: &&PathBuf| path.metadata().is_ok_and(|it| it.is_file() && it.len() < 20_000);
            let files = entries.iter().filter(small).take(8);
            let named = files.map(|path| {
                let name = path.file_name().unwrap().to_string_lossy();
                (format!("x/{name}"), std::fs::read(path).unwrap())
            });
            found.push(named.collect());
        }
        folders.extend(entries.into_iter().filter(|path| path.is_dir()));
    }
    found.retain(|files: &Files| files.len() > 1);
    found
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}
