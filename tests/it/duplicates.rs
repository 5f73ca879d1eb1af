//! Duplicate keys, in kustomizations' files and in charts.

use std::fs;

use netpol_lint::{Request, check, repo};

/// The `duplicate-key`, `kustomize-error` and `render-error` findings in a repository with these
/// files.
fn findings(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let scope = repo::Scope { paths: vec![".".into()], ..Default::default() };
    let request = Request { cwd: folder.path().to_owned(), scope, ..Request::default() };
    let outcome = check(&request, &()).unwrap();
    let about = ["duplicate-key", "kustomize-error", "render-error"];
    let found = outcome.findings.iter().filter(|finding| about.contains(&finding.rule.id));
    found
        .map(|finding| {
            let source = outcome.sources.get(finding.place.source);
            let line = outcome.sources.start(finding.place).line;
            format!("{}:{line}: {}", source.path, finding.message)
        })
        .collect()
}

/// The findings in a chart with one template.
fn of_chart(template: &str, values: &str) -> Vec<String> {
    findings(&[
        ("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n"),
        ("web/values.yaml", values),
        ("web/templates/policy.yaml", template),
    ])
}

#[test]
fn a_missing_separator_in_a_kustomizations_file_is_one_finding() {
    let policy = |name: &str| {
        format!(
            "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\nmetadata: {{name: {name}}}\n\
             spec: {{podSelector: {{}}, policyTypes: [Ingress]}}\n"
        )
    };
    let three = ["a", "b", "c"].map(policy).concat();
    let files = [("kustomization.yaml", "resources: [all.yaml]\n"), ("all.yaml", three.as_str())];
    assert_eq!(
        findings(&files),
        ["all.yaml:5: missing `---` between NetworkPolicy `a` and NetworkPolicy `b`: \
             kubectl merges both into one object, with the last value of each key, and \
             kustomize rejects the file"]
    );
    let three = three.replace("kind: N", "---\nkind: N");
    assert!(findings(&[files[0], ("all.yaml", &three)]).is_empty());
}

#[test]
fn duplicate_keys_of_a_chart_are_reported_at_the_templates_line() {
    let head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n";
    let rest = "spec:\n  podSelector: {}\n  policyTypes: [Ingress]\n";
    let missing = "missing `---` between NetworkPolicy `a` and NetworkPolicy `b`: helm merges \
                   both into one object, with the last value of each key";

    let two =
        format!("# a\n{head}metadata: {{name: a}}\n{rest}\n{head}metadata: {{name: b}}\n{rest}");
    assert_eq!(of_chart(&two, ""), [format!("web/templates/policy.yaml:9: {missing}")]);

    let looped = |separator: &str| {
        format!(
            "{{{{- range .Values.names }}}}\n{separator}{head}metadata:\n  name: {{{{ . }}}}\n\
             {rest}{{{{- end }}}}\n"
        )
    };
    let names = "names: [a, b]\n";
    assert_eq!(of_chart(&looped(""), names), [format!("web/templates/policy.yaml:2: {missing}")]);
    assert!(of_chart(&looped("---\n"), names).is_empty());
    assert!(of_chart(&looped(""), "names: [a]\n").is_empty());

    let labels = format!(
        "{head}metadata:\n  name: a\n  labels:\n    {{{{- toYaml .Values.labels | nindent 4 }}}}\n    \
         app: web\n{rest}"
    );
    assert_eq!(
        of_chart(&labels, "labels: {app: web}\n"),
        ["web/templates/policy.yaml:7: `app` appears twice in this mapping: helm silently \
             uses only the last one"]
    );
    assert!(of_chart(&labels, "labels: {tier: web}\n").is_empty());

    let other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: '1', x: '2'}\n";
    assert!(of_chart(other, "").is_empty());
}
