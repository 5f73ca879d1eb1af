//! The table for many findings: `snapshots/by_rule*.snap`.

use crate::outcome;
use std::process::Command;

use netpol_lint::Outcome;
use netpol_lint::lint::{Check, Finding, Fix, RULES, Rule, Safety};
use netpol_lint::report::{Look, by_rule};

use outcome::{
    FRONTEND, MISSING_DNS, ORPHANED, PEDANTIC, assert_snapshot, finding, look, place, written,
};

/// An outcome with that many findings of each rule.
fn many(numbers: &[(&'static Rule, usize)]) -> Outcome {
    let mut outcome = outcome::outcome(&[("teams/payments/policies/frontend.yaml", FRONTEND)]);
    let place = place(&outcome, 0, "egress");
    for &(rule, number) in numbers {
        let all = std::iter::repeat_with(|| finding(rule, place, "wrong", "fix it"));
        outcome.findings.extend(all.take(number));
    }
    outcome
}

fn fixed(finding: &mut Finding, safety: Safety) {
    finding.fixes.push(Fix { title: "Fix it".to_owned(), safety, edits: Vec::new() });
}

#[test]
fn few_findings_need_no_table() {
    assert_eq!(written(by_rule::write, &many(&[(&ORPHANED, 10)]), &look()), "");
    assert_eq!(written(by_rule::write, &many(&[(&ORPHANED, 11)]), &look()), "", "one rule");
    let two = many(&[(&ORPHANED, 10), (&MISSING_DNS, 1)]);
    assert_ne!(written(by_rule::write, &two, &look()), "");
}

#[test]
fn the_order_is_run_faults_then_severity_then_count() {
    let syntax = RULES.iter().find(|rule| rule.id == "yaml-syntax").unwrap();
    assert!(matches!(syntax.check, Check::Run));
    let numbers = [(&PEDANTIC, 30), (&ORPHANED, 4), (&MISSING_DNS, 12), (*syntax, 1)];
    let mut outcome = many(&numbers);
    for (n, finding) in outcome.findings.iter_mut().enumerate() {
        match n {
            0..5 => fixed(finding, Safety::Safe),
            34..44 => fixed(finding, Safety::Unsafe),
            44 => {
                fixed(finding, Safety::Unsafe);
                fixed(finding, Safety::Safe);
            }
            _ => {}
        }
    }
    assert_snapshot("by_rule", &written(by_rule::write, &outcome, &look()));
    let narrow = Look { width: 76, wrap: true, ..look() };
    let shown = written(by_rule::write, &outcome, &narrow);
    assert!(shown.lines().all(|line| line.chars().count() <= 76), "{shown}");
    assert_snapshot("by_rule_narrow", &shown);
}

#[test]
fn the_table_is_short_and_counts_what_it_omits() {
    let of_number = |number| many(&RULES[..number].iter().map(|&r| (r, 2)).collect::<Vec<_>>());
    let shown = |number| written(by_rule::write, &of_number(number), &look());
    assert!(!shown(9).contains(" more "), "{}", shown(9));
    assert!(shown(10).contains("\n     2 more rules with 4 findings\n"), "{}", shown(10));
    for number in 6..RULES.len() {
        assert!(shown(number).lines().count() <= 12, "{}", shown(number));
    }
}

#[test]
fn the_program_prints_it_unless_quiet() {
    let folder = tempfile::tempdir().unwrap();
    let orphan = |n| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p{n}}}\n\
             spec:\n  podSelector: {{}}\n  policyTypes: [Ingress]\n  ingress: [{{form: []}}]\n---\n"
        )
    };
    let wrong = (0..12).map(orphan).collect::<String>()
        + "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: z}\n\
           spec: {podSelector: {}, policyTypes: [Ingres]}\n";
    std::fs::write(folder.path().join("policies.yaml"), wrong).unwrap();
    let run = |arguments: &[&str]| {
        let program = env!("CARGO_BIN_EXE_netpol-lint");
        let ran = Command::new(program).args(arguments).current_dir(&folder).output().unwrap();
        String::from_utf8(ran.stdout).unwrap()
    };
    let table =
        "\n\nWhat to fix first (each with its first location)\n\n  12  error[unknown-field]  ";
    for format in ["text", "concise"] {
        let shown = run(&["--output-format", format]);
        assert_eq!(shown.matches(table).count(), 1, "{shown}");
        assert!(shown.contains("\n\nFound 13 errors in 1 file ("), "{shown}");
        assert!(!run(&["--output-format", format, "-q"]).contains("What to fix"));
    }
    for format in ["github", "json", "markdown"] {
        assert!(!run(&["--output-format", format]).contains("What to fix"), "{format}");
    }
}
