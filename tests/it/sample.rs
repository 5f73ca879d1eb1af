//! One repository that is shown in every format: places in several files, wide characters, a fix, a
//! suppressed finding, two bundles.

use std::fs;
use std::path::Path;

use netpol_lint::report::Look;
use netpol_lint::triage::Selection;
use netpol_lint::{Outcome, Request, check, repo};

/// A format's writer.
pub type Write = fn(&mut dyn std::io::Write, &Outcome, &Look) -> std::io::Result<()>;

pub const FILES: &[(&str, &str)] = &[
    (
        "apps/frontend.yaml",
        "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: frontend
  namespace: shop
spec:
  selector:
    matchLabels:
      app: frontend
  template:
    metadata:
      labels:
        app: frontend
    spec:
      containers:
        - name: web
          image: web:1
          ports:
            - containerPort: 8080
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: backend-api
  namespace: shop
spec:
  selector:
    matchLabels:
      app: backend
  template:
    metadata:
      labels:
        app: backend
    spec:
      containers:
        - name: api
          image: api:1
          ports:
            - containerPort: 9090
",
    ),
    (
        "overlays/dev/policy.yaml",
        "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: cart, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  egress:
    - {}
",
    ),
    (
        "overlays/prod/policy.yaml",
        "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: cart, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  egress:
    - {}
",
    ),
    (
        "policies/frontend.yaml",
        "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: frontend
  namespace: shop
spec:
  podSelector:
    matchLabels:
      app: frontend
  policyTypes:
    - Egress
  egress:
    - to:
        - podSelector:
            matchLabels:
              app: backend-api
",
    ),
    (
        "policies/suppressed.yaml",
        "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: suppressed
  namespace: shop
spec:
  podSelector:
    matchLabels:
      app: fronted # netpol-lint: ignore[orphaned-pod-selector] comes with the next release
  policyTypes: [Ingress]
",
    ),
    (
        "policies/wide.yaml",
        "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: wide, namespace: shop}
spec:
  podSelector: {matchLabels: {app: frontend}} # 前端 🚀
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {説明: 日本語}}}]}]
",
    ),
];

/// Writes files into a new directory that is a repository.
pub fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The findings in a repository, with the suppressed ones.
pub fn outcome(folder: &Path) -> Outcome {
    let scope = repo::Scope { paths: vec![".".into()], ..repo::Scope::default() };
    let request = Request {
        cwd: folder.canonicalize().unwrap(),
        scope,
        selection: Selection::default(),
        show_suppressed: true,
        ..Request::default()
    };
    let mut outcome = check(&request, &()).unwrap();
    outcome.summary.time = std::time::Duration::from_millis(10);
    outcome
}

/// The text of a report for `outcome`.
pub fn written(write: Write, outcome: &Outcome) -> String {
    let look = Look {
        color: false,
        width: 100,
        wrap: false,
        unicode: true,
        cwd: outcome.root.clone(),
        links: false,
    };
    let mut out = Vec::new();
    write(&mut out, outcome, &look).unwrap();
    String::from_utf8(out).unwrap()
}

/// The text of a report for the sample.
pub fn report(write: Write) -> String {
    let folder = repository(FILES);
    written(write, &outcome(folder.path()))
}
