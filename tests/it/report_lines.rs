//! Line-based output: the concise format and the closing lines.

use crate::outcome;
use netpol_lint::lint::{Edit, Finding, Fix, Safety};
use netpol_lint::report::{Look, closing, concise};
use netpol_lint::{Outcome, Summary};

use outcome::{FRONTEND, MISSING_DNS, ORPHANED, PEDANTIC, finding, look, place, written};

fn with(findings: impl Fn(&Outcome) -> Vec<Finding>) -> Outcome {
    let mut outcome = outcome::outcome(&[("policies/frontend.yaml", FRONTEND)]);
    outcome.findings = findings(&outcome);
    outcome
}

fn three(outcome: &Outcome) -> Vec<Finding> {
    let at = |token| place(outcome, 0, token);
    vec![
        finding(&MISSING_DNS, at("egress"), "no DNS", ""),
        finding(&ORPHANED, at("backend-api"), "selects\n\u{1b}[2Jnothing", ""),
        finding(&ORPHANED, at("8080"), "no such port", ""),
    ]
}

fn closed(outcome: &Outcome) -> String {
    written(closing::write, outcome, &look())
}

#[test]
fn concise_is_one_line_a_finding() {
    let expected = "\
policies/frontend.yaml:11:3: error[missing-dns-egress]: no DNS
policies/frontend.yaml:15:20: warning[orphaned-peer-selector]: selects\\u{a}\\u{1b}[2Jnothing
policies/frontend.yaml:17:17: warning[orphaned-peer-selector]: no such port
";
    assert_eq!(written(concise::write, &with(three), &look()), expected);
}

#[test]
fn concise_with_color_and_links() {
    let look = Look { color: true, links: true, ..look() };
    let written = written(concise::write, &with(three), &look);
    let url = "https://github.com/netpol-lint/netpol-lint/blob/main/rules/missing-dns-egress.md";
    let id = format!("␛]8;;{url}␛\\missing-dns-egress␛]8;;␛\\");
    let line = format!("policies/frontend.yaml:11:3: ␛[1;31merror[{id}]␛[0m: no DNS");
    assert_eq!(written.lines().next(), Some(line.as_str()));
}

#[test]
fn the_closing_line_counts() {
    assert_eq!(
        closed(&with(three)),
        "Found 1 error and 2 warnings in 12 files \
         (40 documents, 6 policies, 9 workloads; 0.02s)\n"
    );
    let all = with(|outcome| {
        let note = finding(&PEDANTIC, place(outcome, 0, "frontend"), "", "");
        three(outcome).into_iter().chain([note]).collect()
    });
    assert!(closed(&all).starts_with("Found 1 error, 2 warnings and 1 note in 12 files ("));
}

#[test]
fn the_closing_line_without_findings_and_with_one_of_each() {
    let mut outcome = with(|_| Vec::new());
    outcome.summary =
        Summary { files: 1, documents: 1, policies: 1, workloads: 1, ..Summary::default() };
    assert_eq!(
        closed(&outcome),
        "No findings in 1 file (1 document, 1 policy, 1 workload; 0.00s)\n"
    );
    outcome.summary.suppressed = 2;
    assert!(closed(&outcome).starts_with("No findings, 2 suppressed in 1 file ("));
}

#[test]
fn what_was_left_out_is_reported() {
    let left_out = |charts| {
        let mut outcome = with(|_| Vec::new());
        outcome.summary.charts = charts;
        closed(&outcome).lines().skip(1).collect::<String>()
    };
    assert_eq!(left_out(0), "");
    let why = "renders no policy and was not checked (--show-run).";
    assert_eq!(left_out(1), format!("1 policy template of a Helm chart {why}"));
    let why = "render no policy and were not checked (--show-run).";
    assert_eq!(left_out(3), format!("3 policy templates of Helm charts {why}"));
}

#[test]
fn fixes_are_counted_by_the_safest_of_a_finding() {
    let line = |safeties: [&[Safety]; 3]| {
        let outcome = with(|outcome| {
            let mut findings = three(outcome);
            for (finding, safeties) in findings.iter_mut().zip(safeties) {
                finding.fixes.extend(safeties.iter().map(|&safety| Fix {
                    title: "Fix it".to_owned(),
                    safety,
                    edits: vec![Edit { span: finding.place, text: String::new() }],
                }));
            }
            findings
        });
        closed(&outcome).lines().skip(1).collect::<String>()
    };
    use Safety::{Safe, Unsafe};
    assert_eq!(line([&[], &[], &[]]), "");
    assert_eq!(line([&[Safe], &[Unsafe, Safe], &[]]), "2 fixable with `--fix`.");
    assert_eq!(line([&[], &[], &[Unsafe]]), "1 fixable with `--fix --unsafe-fixes`.");
    assert_eq!(
        line([&[Safe], &[Unsafe], &[Unsafe]]),
        "1 fixable with `--fix`, 2 more with `--unsafe-fixes`."
    );
}
