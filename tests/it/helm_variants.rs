//! Charts in other ways than with their default values, and the lines behind what is found.

use netpol_lint::bundle::helm::{Assignment, Helm};
use netpol_lint::{Outcome, Request};
use tempfile::TempDir;

use crate::helm::{chart_of, render, repository};

fn checked(folder: &TempDir, helm: Helm) -> Outcome {
    let cwd = folder.path().canonicalize().unwrap();
    netpol_lint::check(&Request { cwd, helm, ..Request::default() }, &()).unwrap()
}

/// The findings of a rule, each with its line, its message and its bundles.
fn found(folder: &TempDir, rule: &str) -> Vec<String> {
    let outcome = checked(folder, Helm::default());
    let findings = outcome.findings.iter().filter(|it| it.rule.id == rule);
    let told = findings.map(|it| {
        let path = &outcome.sources.get(it.place.source).path;
        let line = outcome.sources.start(it.place).line;
        format!("{path}:{line} {} [{}]", it.message, it.bundles.join(" + "))
    });
    told.collect()
}

/// The renderings of a chart and how many objects each has.
fn renderings(folder: &TempDir, helm: &Helm) -> Vec<(String, usize)> {
    let shown = render(folder.path(), helm);
    let built = shown.rendered.built.iter();
    built.map(|it| (it.name.clone(), it.manifests.len())).collect()
}

#[test]
fn a_policy_that_is_off_by_default_is_rendered_in_a_bundle_of_its_own() {
    let policy = "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\nmetadata:\n  name: p\nspec: \
                  {podSelector: {}}\n";
    let guarded = |condition: &str| format!("{{{{- if {condition} }}}}\n{policy}{{{{- end }}}}\n");
    let off = (
        "evil/values.yaml",
        "networkPolicy: {enabled: false}\nother: false\nglobal: {netpol: {create: false}}\n",
    );
    let names = |condition: &str| {
        let folder = chart_of(&guarded(condition), &[off]);
        let shown = render(folder.path(), &Helm::default());
        let is_render = |fault: &String| fault.starts_with("Render");
        assert!(!shown.faults().iter().any(is_render), "{:?}", shown.faults());
        let built = shown.rendered.built.iter();
        built.map(|it| (it.name.clone(), it.manifests.len())).collect::<Vec<_>>()
    };
    let with = |told: &str, count| vec![("evil".to_owned(), 0), (format!("evil ({told})"), count)];
    assert_eq!(names(".Values.networkPolicy.enabled"), with("networkPolicy.enabled=true", 1));
    assert_eq!(names("$.Values.global.netpol.create"), with("global.netpol.create=true", 1));
    // Another value is off as well.
    let both = "and .Values.networkPolicy.enabled .Values.other";
    assert_eq!(names(both), with("networkPolicy.enabled=true", 0));
    // A value that is not about policies is not changed, nor is one that is already on.
    assert_eq!(names(".Values.other"), [("evil".to_owned(), 0)]);
    assert_eq!(names("not .Values.networkPolicy.enabled"), [("evil".to_owned(), 1)]);
}

#[test]
fn a_finding_shows_the_line_of_the_values_behind_it() {
    let related = |policy: &str| {
        let folder = chart_of(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: {app: web}\nspec:\n  \
             containers: [{name: main, image: example/web}]\n",
            &[
                ("evil/values.yaml", "# names\nselected: wbe\nport: 80\n"),
                (
                    "evil/templates/_it.tpl",
                    "{{ define \"it\" }}app: {{ .Values.selected }}{{ end }}",
                ),
                (
                    "evil/templates/policy.yaml",
                    &format!(
                        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: \
                         p\n  namespace: {{{{ .Release.Namespace }}}}\nspec:\n  podSelector:\n    \
                         matchLabels:\n      {policy}\n  policyTypes: [Ingress]\n"
                    ),
                ),
            ],
        );
        let outcome = checked(&folder, Helm::default());
        let finding = outcome.findings.iter().find(|it| it.rule.id == "orphaned-pod-selector");
        let finding = finding.unwrap_or_else(|| panic!("{:?}", outcome.findings));
        let related = finding.related.iter().map(|related| {
            let start = outcome.sources.start(related.span);
            let path = &outcome.sources.get(related.span.source).path;
            format!("{path}:{} {}", start.line, related.message)
        });
        related
            .filter(|it| it.starts_with("evil/values") || it.contains("included"))
            .collect::<Vec<_>>()
    };
    let told = "evil/values.yaml:2 it is `wbe` because of this value";
    assert_eq!(related("app: {{ .Values.selected }}"), [told]);
    assert_eq!(related("app: {{ .Values.selected | default \"x\" | quote }}"), [told]);
    let included = "evil/templates/_it.tpl:1 it is written here, in the included template";
    assert_eq!(related("{{- include \"it\" . | nindent 6 }}"), [included, told]);
    assert_eq!(related("{{ template \"it\" . }}"), [included, told]);
    // A literal value comes from no values file.
    assert_eq!(related("app: wbe"), [""; 0]);
}

/// A chart whose pods and policy have these labels, with helpers for its name and full name.
fn named(pods: &str, selected: &str, chart: &str) -> TempDir {
    let helpers = "{{ define \"name\" }}{{ .Chart.Name }}{{ end }}{{ define \"full\" }}{{ if contains \
                   .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ \
                   .Chart.Name }}{{ end }}{{ end }}";
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{{{ include \"full\" . }}}}\n  labels: {{app: {pods}}}\n\
         spec: {{containers: [{{name: main, image: example/web}}]}}\n"
    );
    let policy = format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: {{{{ include \"full\" . \
         }}}}\nspec:\n  podSelector:\n    matchLabels:\n      app: {selected}\n  policyTypes: [Ingress]\n"
    );
    repository(&[
        ("c/Chart.yaml", &format!("apiVersion: v2\nname: {chart}\nversion: 0.1.0\n")),
        ("c/templates/_names.tpl", helpers),
        ("c/templates/pod.yaml", &pod),
        ("c/templates/policy.yaml", &policy),
    ])
}

#[test]
fn a_chart_is_tried_as_a_release_that_is_not_called_like_it() {
    let rule = "orphaned-pod-selector";
    let (name, full) = ("{{ include \"name\" . }}", "{{ include \"full\" . }}");
    for (pods, selected) in [(full, name), (name, full), ("{{ .Release.Name }}", full)] {
        let told = found(&named(pods, selected, "shop"), rule);
        let [one] = &told[..] else { panic!("{pods} {selected}: {told:?}") };
        assert!(one.starts_with("c/templates/policy.yaml:8 "), "{one}");
        assert!(one.ends_with("[c (release=my-release)]"), "{one}");
    }
    // What is consistent is so under any name, and a mistake of all is told once.
    for (pods, selected) in
        [(full, full), (name, name), ("{{ .Release.Name }}", "{{ .Release.Name }}")]
    {
        assert_eq!(found(&named(pods, selected, "shop"), rule), [""; 0], "{pods}");
    }
    let told = found(&named("web", "{{ .Release.Name }}-wbe", "shop"), rule);
    assert!(told.len() == 1 && told[0].ends_with("[c]"), "{told:?}");
    // The other name does not contain the chart's either way.
    let releases = |chart: &str| {
        let all = renderings(&named(name, name, chart), &Helm::default());
        all.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(releases("release"), ["c", "c (release=example)"]);
    assert_eq!(releases("e"), ["c"]);
    // A chart without a policy, or without a release's name in it, is rendered once.
    let plain =
        chart_of("kind: Pod\napiVersion: v1\nmetadata: {name: '{{ .Release.Name }}'}\n", &[]);
    assert_eq!(renderings(&plain, &Helm::default()), [("evil".to_owned(), 1)]);
}

#[test]
fn the_values_that_a_chart_is_tested_with_are_tried() {
    let template = "{{ if .Values.policy }}\nkind: NetworkPolicy\napiVersion: networking.k8s.io/v1\nmetadata: \
                    {name: p}\nspec: {podSelector: {}}\n{{ end }}\n---\nkind: Pod\napiVersion: v1\nmetadata: \
                    {name: '{{ .Values.name }}'}\n";
    let folder = chart_of(
        template,
        &[
            ("evil/values.yaml", "name: a\n"),
            ("evil/ci/on-values.yaml", "policy: true\n"),
            ("evil/ci/off-values.yaml", "name: b\n"),
            ("evil/ci/kind.yaml", "policy: true\n"),
            ("evil/ci/deep/x-values.yaml", "policy: true\n"),
        ],
    );
    let expected = [("evil", 1), ("evil (ci/off-values.yaml)", 1), ("evil (ci/on-values.yaml)", 2)];
    assert_eq!(
        renderings(&folder, &Helm::default()),
        expected.map(|(name, count)| (name.to_owned(), count))
    );
    // One of them makes the policy, so that it is checked.
    assert_eq!(checked(&folder, Helm::default()).summary.charts, 0);
    let broken = chart_of(template, &[("evil/ci/a-values.yaml", "a: [\n")]);
    let shown = render(broken.path(), &Helm::default());
    assert!(
        shown.faults().iter().any(|it| it.contains("evil/ci/a-values.yaml:")),
        "{:?}",
        shown.faults()
    );
}

#[test]
fn the_configuration_names_values_that_turn_policies_on() {
    let template = "{{ if and .Values.hardened (eq .Values.mode \"strict\") }}\nkind: NetworkPolicy\napiVersion: \
                    networking.k8s.io/v1\nmetadata: {name: p}\nspec: {podSelector: {}}\n{{ end }}\n";
    let folder = chart_of(template, &[("evil/values.yaml", "hardened: false\nmode: lax\n")]);
    let with = |sets: &[&str]| {
        let sets = sets.iter().map(|set| Assignment::parse(set).unwrap()).collect();
        renderings(&folder, &Helm { sets, ..Helm::default() })
    };
    let plain = ("evil".to_owned(), 0);
    assert_eq!(with(&[]), std::slice::from_ref(&plain));
    assert_eq!(with(&["other=true", "hard=true"]), std::slice::from_ref(&plain));
    let one = ("evil (hardened=true)".to_owned(), 0);
    assert_eq!(with(&["hardened=true"]), [plain.clone(), one]);
    let both = ("evil (hardened=true, mode=strict)".to_owned(), 1);
    assert_eq!(with(&["mode=strict", "hardened=true"]), [plain, both]);
    for bad in ["", "a", "=1", "a..b=1", "a[0]=1", " a=1", "a,b=1"] {
        assert_eq!(Assignment::parse(bad), None, "{bad}");
    }
}
