//! What users see of each rule: the text report of its bad examples, held as snapshots.

mod pages;

use std::path::PathBuf;

use netpol_lint::lint::RULES;
use netpol_lint::report::{Look, text};

#[test]
fn every_rule_says_what_its_snapshot_holds() {
    for rule in RULES {
        let bad: Vec<pages::Example<'_>> = pages::examples(rule)
            .into_iter()
            .filter(|example| example.bad)
            .collect();
        if bad.is_empty() {
            continue;
        }
        let mut seen = Vec::new();
        for example in bad {
            let (_folder, outcome) = pages::run(rule, example.text, false);
            let look = Look {
                color: false,
                width: 100,
                unicode: true,
                cwd: outcome.root.clone(),
            };
            text::write(&mut seen, &outcome, &look).unwrap();
        }
        hold(
            &format!("rule_{}", rule.id.replace('-', "_")),
            &String::from_utf8(seen).unwrap(),
        );
    }
}

/// Holds a text against its snapshot in `snapshots/`.
fn hold(name: &str, text: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    insta::with_settings!({snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(name, text);
    });
}
