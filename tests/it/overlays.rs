//! The mistakes that overlays make, and those they fix: small repositories with a base and its
//! overlays (`tests/overlays/`), each with its expected findings marked at their lines, and
//! snapshots of the report.

use crate::pages;
use std::path::PathBuf;

use netpol_lint::report::{Look, text};

#[test]
fn each_is_found_at_its_place_and_nowhere_else() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/overlays");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 10, "only {} stories", paths.len());
    let mut wrong = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let story = std::fs::read_to_string(&path).unwrap();
        let (_folder, outcome) = pages::run_by_default(&story);
        let (expected, found) = (pages::expected(&story), pages::found(&outcome));
        if expected != found {
            wrong.push(format!("{name}:\n  expected {expected:?}\n  found    {found:?}"));
        }
        let look = Look {
            color: false,
            width: 100,
            wrap: false,
            unicode: true,
            cwd: outcome.root.clone(),
            links: false,
        };
        let mut seen = Vec::new();
        text::write(&mut seen, &outcome, &look).unwrap();
        hold(&format!("overlay_{}", name.replace('-', "_")), &String::from_utf8(seen).unwrap());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Compares a text with its snapshot in `snapshots/`.
fn hold(name: &str, text: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    insta::with_settings!({snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(name, text);
    });
}
