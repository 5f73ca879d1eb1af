//! Real manifests, mutated at random: no panic, no hang, no lost neighbour.

use crate::mutate;
use crate::shared;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mutate::{Random, mutate};
use netpol_lint::triage::Selection;
use netpol_lint::{Request, check, repo};

const MUTANTS: usize = 10_000;
/// What one mutant may take, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// A policy with one mistake, which must be found whatever is beside it.
const NEIGHBOUR: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: neighbour, namespace: neighbour}\nspec:\n  podSelector: {}\n  policyTypes: [Ingress]\n  egress:\n  - {}\n";

#[test]
fn no_mutant_panics_hangs_or_hides_its_neighbour() {
    let Some(corpus) = shared::shared("corpus") else { return };
    let files = manifests(&corpus);
    assert!(files.len() > 1000, "only {} files", files.len());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let files = &files;
            scope.spawn(move || {
                // A pool of its own: other tests of this program use the shared one for a long
                // time.
                let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
                let folder = tempfile::tempdir().unwrap();
                std::fs::write(folder.path().join("neighbour.yaml"), NEIGHBOUR).unwrap();
                for number in (thread..MUTANTS).step_by(threads) {
                    let mut random = Random(0x9e37_79b9 ^ (number as u64 + 1) << 20);
                    let path = &files[random.below(files.len())];
                    let mutant = mutate(&std::fs::read(path).unwrap(), &mut random);
                    let name = format!("mutant {number} of {}", path.display());
                    pool.install(|| try_one(folder.path(), mutant, &name));
                }
            });
        }
    });
    println!("{MUTANTS} mutants tried");
}

fn try_one(folder: &Path, mutant: Vec<u8>, name: &str) {
    let request = Request {
        cwd: folder.to_owned(),
        scope: repo::Scope {
            paths: vec!["-".into(), ".".into()],
            stdin: Some(mutant),
            ..Default::default()
        },
        selection: Selection { select: vec!["all".into()], ..Default::default() },
        ..Request::default()
    };
    let started = Instant::now();
    let outcome = check(&request, &()).unwrap();
    assert!(started.elapsed() < PATIENCE, "{name} took {:?}", started.elapsed());
    let neighbour = outcome.findings.iter().any(|finding| {
        finding.rule.id == "ignored-rules"
            && outcome.sources.get(finding.place.source).path == "neighbour.yaml"
    });
    assert!(neighbour, "{name} hid its neighbour");
    for finding in &outcome.findings {
        for span in finding.related.iter().map(|r| r.span).chain([finding.place]) {
            let text = outcome.sources.get(span.source).text();
            let range = span.start as usize..span.end as usize;
            assert!(text.get(range).is_some(), "{name}: {} points outside", finding.rule.id);
        }
    }
}

/// Every manifest of the corpus; policies ten times, because they matter most.
fn manifests(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
                let is_policy =
                    std::fs::read(&path).unwrap().windows(13).any(|word| word == b"NetworkPolicy");
                found.extend(vec![path; if is_policy { 10 } else { 1 }]);
            }
        }
    }
    found
}
