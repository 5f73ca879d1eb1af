//! Repositories that are broken on purpose, and what must be true of every run over one.

use std::path::{Path, PathBuf};

use netpol_lint::bundle::helm::{Helm, When};
use netpol_lint::report::{
    Look, checkstyle, concise, github, gitlab, json, jsonl, junit, markdown, sarif, text,
};
use netpol_lint::triage::Selection;
use netpol_lint::{Outcome, Request, check};

/// A policy with one mistake, which must be found whatever is beside it.
pub const WRONG: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: wrong, namespace: wrong}\nspec:\n  podSelector: {}\n  policyTypes: [Ingress]\n  egress:\n  - {}\n";

/// An object to build with.
pub const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {app: web}}\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: web}]}\n";

/// The same with another name, and more in its `spec`.
pub fn deployment(name: &str, more: &str) -> String {
    DEPLOYMENT.replace("name: web, labels", &format!("name: {name}, labels")) + more
}

/// A repository in a temporary directory.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // So that it is certainly the root.
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        self.write_bytes(name, text.as_bytes());
    }

    pub fn write_bytes(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// A run with everything on; checks what must be true of every run.
    pub fn run(&self) -> Outcome {
        let outcome = run(self.0.path());
        hold(&outcome);
        let is_wrong = outcome.findings.iter().any(|finding| {
            finding.rule.id == "ignored-rules"
                && outcome.sources.get(finding.place.source).path.ends_with("wrong.yaml")
        });
        assert!(is_wrong, "the rest was not checked");
        outcome
    }

    pub fn rules(&self) -> Vec<&'static str> {
        self.run().findings.iter().map(|finding| finding.rule.id).collect()
    }

    /// The messages of what `kustomize build` would reject.
    pub fn errors(&self) -> Vec<String> {
        let outcome = self.run();
        let errors = outcome.findings.iter().filter(|finding| finding.rule.id == "kustomize-error");
        errors.map(|finding| finding.message.clone()).collect()
    }
}

/// A run over a directory with everything on, and without helm.
pub fn run(root: &Path) -> Outcome {
    let request = Request {
        cwd: root.canonicalize().unwrap(),
        selection: Selection { select: vec!["all".into()], ..Selection::default() },
        helm: Helm { when: When::Never, ..Helm::default() },
        ..Request::default()
    };
    check(&request, &()).unwrap()
}

/// Checks that every place of a finding is inside its text, and that every format can be written.
pub fn hold(outcome: &Outcome) {
    for finding in &outcome.findings {
        for span in finding.related.iter().map(|r| r.span).chain([finding.place]) {
            let text = outcome.sources.get(span.source).text();
            let range = span.start as usize..span.end as usize;
            let path = &outcome.sources.get(span.source).path;
            assert!(text.get(range).is_some(), "{} points outside of {path}", finding.message);
        }
    }
    let look = Look {
        color: false,
        width: 100,
        unicode: true,
        cwd: outcome.root.clone(),
        links: false,
        wrap: false,
    };
    for write in [
        text::write,
        concise::write,
        json::write,
        jsonl::write,
        sarif::write,
        github::write,
        gitlab::write,
        junit::write,
        checkstyle::write,
        markdown::write,
    ] {
        let mut out = Vec::new();
        write(&mut out, outcome, &look).unwrap();
        assert!(std::str::from_utf8(&out).is_ok());
    }
}
