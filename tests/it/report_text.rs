//! What people see: snapshots in `snapshots/text_*.snap`.

#![cfg(feature = "cli")]

use crate::outcome;
use netpol_lint::lint::{Confidence, Edit, Fix, Safety};
use netpol_lint::report::{Look, text};
use netpol_lint::text::{SourceId, Span};
use netpol_lint::{Outcome, report};

use outcome::{
    BACKEND, FRONTEND, MISSING_DNS, ORPHANED, PEDANTIC, assert_snapshot, finding, look, place,
    related, written,
};

fn shown(outcome: &Outcome) -> String {
    written(text::write, outcome, &look())
}

/// A policy and its finding on `egress:`, with a fix.
fn missing_dns() -> Outcome {
    let mut outcome = outcome::outcome(&[("policies/frontend.yaml", FRONTEND)]);
    let egress = place(&outcome, 0, "egress");
    let mut finding = finding(
        &MISSING_DNS,
        egress,
        "pods of Deployment `frontend` may not reach the cluster's DNS: no policy of theirs allows port 53 of `k8s-app: kube-dns` in `kube-system`",
        "Allow UDP and TCP port 53 to pods with `k8s-app: kube-dns` in namespace `kube-system`, or lookups of `backend-api` time out.",
    );
    finding.fixes.push(Fix {
        title: "Add a DNS rule".to_owned(),
        safety: Safety::Unsafe,
        edits: vec![Edit { span: egress.at_start(), text: String::new() }],
    });
    outcome.findings.push(finding);
    outcome
}

/// A peer that matches no pod, and the intended workload in another file.
fn orphaned() -> Outcome {
    let files = [("policies/frontend.yaml", FRONTEND), ("apps/backend.yaml", BACKEND)];
    let mut outcome = outcome::outcome(&files);
    let mut finding = finding(
        &ORPHANED,
        place(&outcome, 0, "backend-api"),
        "`app: backend-api` matches no pod in namespace `shop`; Deployment `backend-api` has `app: backend`",
        "Write `app: backend`.",
    );
    finding.confidence = Confidence::Medium;
    finding.related = vec![
        related(place(&outcome, 1, "app: backend"), "this Deployment has `app: backend`"),
        related(place(&outcome, 0, "namespace"), "the peer is looked up in this namespace"),
    ];
    outcome.findings.push(finding);
    outcome
}

/// One file with one finding at `token`.
fn one(text: &str, token: &str, message: &str) -> Outcome {
    let mut outcome = outcome::outcome(&[("policy.yaml", text)]);
    let place = place(&outcome, 0, token);
    outcome.findings.push(finding(&ORPHANED, place, message, "Look at the label."));
    outcome
}

#[test]
fn a_simple_finding() {
    assert_snapshot("text_simple", &shown(&missing_dns()));
}

#[test]
fn related_places_in_this_file_and_in_another_one() {
    assert_snapshot("text_related", &shown(&orphaned()));
}

#[test]
fn related_places_near_by_and_more_than_are_drawn() {
    let files = [("policies/frontend.yaml", FRONTEND), ("apps/backend.yaml", BACKEND)];
    let mut outcome = outcome::outcome(&files);
    let mut finding = finding(&ORPHANED, place(&outcome, 0, "matchLabels"), "many places", "");
    finding.related = vec![
        related(place(&outcome, 0, "app: frontend"), "near by"),
        related(place(&outcome, 0, "policyTypes"), "one line further"),
        related(place(&outcome, 1, "Deployment"), "a kind"),
        related(place(&outcome, 1, "backend-api"), "a name"),
        related(place(&outcome, 1, "labels"), "labels"),
        related(place(&outcome, 1, "spec"), "told and not drawn"),
        related(place(&outcome, 0, "ports"), "this one too"),
    ];
    finding.bundles = vec!["overlays/dev".to_owned(), "overlays/prod".to_owned()];
    outcome.findings.push(finding);
    assert_snapshot("text_many_places", &shown(&outcome));
}

#[test]
fn wide_characters_before_the_place() {
    let text = "metadata:\n  annotations: {名前: 日本語, 🚀: \"yes\"} # 🎉 target\n";
    assert_snapshot("text_wide", &shown(&one(text, "target", "behind 日本語 and 🎉")));
}

#[test]
fn escape_sequences_and_bidirectional_controls_are_written_out() {
    let text = "a: \"\u{1b}[31mred\u{1b}[0m\"\nb: x\u{202e}y\u{200b} target\u{7} # \u{85}\nc: d\n";
    let mut outcome =
        one(text, "target", "`\u{1b}]8;;http://evil\u{7}link` and `\u{202e}drawkcab`");
    outcome.findings[0].help = "Not\na new line\u{1b}[2J.".to_owned();
    let name = place(&outcome, 0, "b: x");
    outcome.findings[0].related.push(related(name, "has \u{1b}[31m in it"));
    let shown = shown(&outcome);
    assert!(!shown.contains(['␛', '\u{202e}', '\u{7}', '\u{200b}', '\u{85}']));
    assert_snapshot("text_inert", &shown);
}

#[test]
fn a_line_of_100_kilobytes_is_cut_around_the_place() {
    let items = "{\"app\": \"backend\"}, ".repeat(2_500);
    let text = format!("{{\"items\": [{items}{{\"app\": \"target\"}}, {items}null]}}\n");
    let mut outcome = one(&text, "\"target\"", "in a minified file");
    let far = place(&outcome, 0, "\"items\"");
    outcome.findings[0].related.push(related(far, "far away on the same line"));
    let shown = shown(&outcome);
    assert!(shown.lines().all(|line| line.chars().count() <= look().width), "{shown}");
    assert_snapshot("text_long_line", &shown);
}

#[test]
fn windows_line_endings_make_no_difference() {
    let shown = shown(&one("kind: A\r\nname: target\r\nlast: B\r\n", "target", "with CRLF"));
    assert!(!shown.contains('\r') && !shown.contains("u{d}"));
    assert_snapshot("text_crlf", &shown);
}

#[test]
fn places_at_the_end_of_a_file_and_in_an_empty_one() {
    let mut outcome = outcome::outcome(&[("a.yaml", "kind: A\nname:"), ("empty.yaml", "")]);
    let end = Span::new(SourceId(0), 13, 13);
    outcome.findings.push(finding(&ORPHANED, end, "at the end", "Write a name."));
    let nothing = Span::new(SourceId(1), 0, 0);
    outcome.findings.push(finding(&MISSING_DNS, nothing, "nothing there", "Write something."));
    let beyond = Span::new(SourceId(0), 90, 95);
    outcome.findings.push(finding(&PEDANTIC, beyond, "the file is shorter now", ""));
    assert_snapshot("text_end_of_file", &shown(&outcome));
}

#[test]
fn tabs_and_several_places_on_one_line() {
    let mut outcome = one("\tkey:\t[one,\ttwo, three]\n", "two", "after tabs");
    outcome.findings[0].related = vec![
        related(place(&outcome, 0, "one"), "the first"),
        related(place(&outcome, 0, "three"), "the last"),
        related(place(&outcome, 0, "wo"), "on top of the place itself"),
    ];
    assert_snapshot("text_one_line", &shown(&outcome));
}

#[test]
fn plain_ascii_where_nothing_else_can_be_drawn() {
    let look = Look { unicode: false, width: 60, ..look() };
    let mut outcome = missing_dns();
    outcome.findings.extend(orphaned().findings.into_iter().map(|mut finding| {
        finding.related.remove(0);
        finding
    }));
    let shown = written(text::write, &outcome, &look);
    assert!(shown.is_ascii(), "{shown}");
    assert_snapshot("text_ascii", &shown);
}

#[test]
fn colors_and_links() {
    let look = Look { color: true, links: true, ..look() };
    assert_snapshot("text_color", &written(text::write, &orphaned(), &look));
}

#[test]
fn paths_are_relative_to_the_working_directory() {
    let look = Look { cwd: "/repo/policies".into(), ..look() };
    let shown = written(report::text::write, &orphaned(), &look);
    assert!(shown.starts_with("frontend.yaml:15:20: "), "{shown}");
    assert!(shown.contains("─ ../apps/backend.yaml:10:9"), "{shown}");
}

#[test]
fn a_bundle_that_the_path_shows_is_not_repeated() {
    let shown_bundles = |bundle: &str| {
        let mut outcome = missing_dns();
        outcome.findings[0].bundles = vec![bundle.to_owned()];
        shown(&outcome).contains("seen in")
    };
    assert!(!shown_bundles("policies"));
    assert!(shown_bundles("pol"));
    assert!(shown_bundles("overlays/prod"));
}

#[test]
fn at_a_terminal_lines_are_broken_between_words() {
    let mut outcome = missing_dns();
    outcome.findings.extend(orphaned().findings.into_iter().map(|mut finding| {
        finding.related.remove(0);
        finding
    }));
    let look = Look { width: 60, wrap: true, ..look() };
    let shown = written(text::write, &outcome, &look);
    assert!(shown.lines().all(|line| line.chars().count() <= 60), "{shown}");
    assert_snapshot("text_narrow", &shown);
    let plain = |shown: String| shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let header = shown.lines().take_while(|line| !line.contains('│')).collect::<Vec<_>>();
    let whole = written(text::write, &outcome, &Look { wrap: false, ..look.clone() });
    assert_eq!(plain(header.join(" ")), plain(whole.lines().next().unwrap().to_owned()));
}

#[test]
fn a_path_that_fills_the_line_is_alone_on_it() {
    let path = format!("{}policy.yaml", "directory/".repeat(6));
    let mut outcome = outcome::outcome(&[(&path, FRONTEND)]);
    outcome.findings.push(finding(&ORPHANED, place(&outcome, 0, "egress"), "nobody", ""));
    let shown = written(text::write, &outcome, &Look { width: 80, wrap: true, ..look() });
    let mut lines = shown.lines();
    assert_eq!(lines.next(), Some(format!("{path}:11:3:").as_str()));
    assert_eq!(lines.next(), Some("    warning[orphaned-peer-selector]: nobody"));
}

#[test]
fn words_under_a_mark_fit_or_are_listed_below() {
    let text =
        "key: value # and here, in the middle\nlast: place # at the far end of the line, here\n";
    let mut outcome = one(text, "value", "what is under a mark");
    let words = "Deployment `web` has `app: web` here, where it is not looked for";
    for token in ["middle", "here\n"] {
        let place = place(&outcome, 0, token);
        outcome.findings[0].related.push(related(place, words));
    }
    let shown = written(text::write, &outcome, &Look { width: 66, ..look() });
    assert!(shown.lines().skip(1).all(|line| line.chars().count() <= 66), "{shown}");
    assert_snapshot("text_words_under_marks", &shown);
}

#[test]
fn many_bundles_are_counted() {
    let shown_bundles = |number: usize| {
        let mut outcome = missing_dns();
        outcome.findings[0].bundles = (1..=number).map(|n| format!("overlays/{n}")).collect();
        let shown = shown(&outcome);
        let (_, shown_bundles) = shown.split_once("seen in: ").unwrap();
        shown_bundles.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(shown_bundles(7).ends_with("overlays/6, overlays/7"), "one more is named as well");
    assert!(
        shown_bundles(40).ends_with("overlays/5, overlays/6 and 34 more"),
        "{}",
        shown_bundles(40)
    );
}

proptest::proptest! {
    /// For any text and any places, even inside a character or beyond the end: it is drawn and
    /// escaped, and the lines of the source fit.
    #[test]
    fn any_text_with_any_places_is_drawn(
        parts in proptest::collection::vec("a{0,40}|[ \t\r\n]|é|日|🎉|\u{1b}\\[31m|\u{202e}|- x: y\n", 0..60),
        places in proptest::collection::vec((0..400usize, 0..40usize), 1..5),
        unicode: bool,
        wrap: bool,
        width in 0..120usize,
    ) {
        let mut outcome = outcome::outcome(&[("p.yaml", &parts.concat())]);
        let mut spans =
            places.iter().map(|&(start, len)| Span::new(SourceId(0), start, start + len));
        let mut finding = finding(&ORPHANED, spans.next().unwrap(), "message", "help");
        finding.related = spans.map(|span| related(span, "related")).collect();
        outcome.findings.push(finding);
        let shown = written(text::write, &outcome, &Look { unicode, wrap, width, ..look() });
        proptest::prop_assert!(!shown.contains(['␛', '\u{202e}', '\t', '\r']), "{}", shown);
        for line in shown.lines().filter(|line| line.trim_start().starts_with(char::is_numeric)) {
            // 40 columns are the minimum, after a gutter of six; a wide character counts as one
            // here.
            proptest::prop_assert!(line.chars().count() <= width.max(40 + 6), "{}", shown);
        }
    }
}
