//! Outcomes for the tests of the report's formats.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use netpol_lint::lint::{Check, Confidence, Finding, Related, Rule, Severity, Subject};
use netpol_lint::report::Look;
use netpol_lint::text::{Origin, Source, SourceId, Sources, Span};
use netpol_lint::{Outcome, Summary};

const fn rule(id: &'static str, severity: Severity) -> Rule {
    Rule {
        id,
        severity,
        confidence: Confidence::High,
        pedantic: false,
        page: "# A rule\n\nSays something.\n",
        check: Check::Cluster(|_, _| ()),
    }
}

pub static MISSING_DNS: Rule = rule("missing-dns-egress", Severity::Error);
pub static ORPHANED: Rule = rule("orphaned-peer-selector", Severity::Warning);
pub static PEDANTIC: Rule = rule("undocumented-policy", Severity::Note);

pub const FRONTEND: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: frontend
  namespace: shop
spec:
  podSelector:
    matchLabels:
      app: frontend
  policyTypes: [Ingress, Egress]
  egress:
    - to:
        - podSelector:
            matchLabels:
              app: backend-api
      ports:
        - port: 8080
";

pub const BACKEND: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: backend-api
  namespace: shop
spec:
  template:
    metadata:
      labels:
        app: backend
";

pub fn look() -> Look {
    Look {
        color: false,
        width: 100,
        wrap: false,
        unicode: true,
        cwd: PathBuf::from("/repo"),
        links: false,
    }
}

/// An outcome with these files below `/repo`, without findings.
pub fn outcome(files: &[(&str, &str)]) -> Outcome {
    let mut sources = Sources::default();
    for (path, text) in files {
        let origin = Origin::File(PathBuf::from("/repo").join(path));
        sources.add(Source::with_text((*path).to_owned(), origin, Arc::from(*text)));
    }
    Outcome {
        shows_run: false,
        summary: Summary {
            files: 12,
            documents: 40,
            policies: 6,
            workloads: 9,
            time: Duration::from_millis(18),
            ..Summary::default()
        },
        sources,
        findings: Vec::new(),
        suppressed: None,
        stale: Vec::new(),
        root: PathBuf::from("/repo"),
    }
}

/// The first place of `token` in the file with that number.
pub fn place(outcome: &Outcome, file: u32, token: &str) -> Span {
    let source = SourceId(file);
    let start = outcome.sources.get(source).text().find(token).expect("the token is there");
    Span::new(source, start, start + token.len())
}

/// A finding of `rule` at `place`, about Policy `shop/frontend`.
pub fn finding(rule: &'static Rule, place: Span, message: &str, help: &str) -> Finding {
    Finding {
        rule,
        severity: rule.severity,
        confidence: Confidence::High,
        place,
        related: Vec::new(),
        suppression_spans: Vec::new(),
        message: message.to_owned(),
        help: help.to_owned(),
        subject: Some(Subject {
            kind: "NetworkPolicy".to_owned(),
            namespace: Some("shop".to_owned()),
            name: "frontend".to_owned(),
        }),
        at: None,
        field: "spec.egress[0].to[0].podSelector".to_owned(),
        bundles: Vec::new(),
        fixes: Vec::new(),
        withheld: None,
        fingerprint: String::new(),
    }
}

pub fn related(span: Span, message: &str) -> Related {
    Related { span, message: message.to_owned() }
}

/// The output of a format, with visible escape characters.
pub fn written(
    write: fn(&mut dyn std::io::Write, &Outcome, &Look) -> std::io::Result<()>,
    outcome: &Outcome,
    look: &Look,
) -> String {
    let mut out = Vec::new();
    write(&mut out, outcome, look).expect("a vector takes everything");
    String::from_utf8(out).expect("reports are UTF-8").replace('\u{1b}', "␛")
}

/// Compares with `snapshots/<name>.snap`.
pub fn assert_snapshot(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text);
    });
}
