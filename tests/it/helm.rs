//! Charts: what they render to, where it is written, and how failures are reported.

use crate::shared;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use netpol_lint::bundle::helm::{self, ChartSettings, Helm, Rendered, Wanted, When};
use netpol_lint::bundle::{Built, FaultKind};
use netpol_lint::repo::{PathSet, Repo, Scope};
use netpol_lint::text::{Source, Sources, Span};
use netpol_lint::yaml::{self, Limits, Node, Value};
use netpol_lint::{config, repo};
use tempfile::TempDir;

/// A repository with rendered charts.
pub struct Shown {
    pub repo: Repo,
    pub sources: Sources,
    pub rendered: Rendered,
}

pub fn look(root: &Path) -> (Repo, Sources) {
    let scope = Scope { paths: vec![root.to_owned()], ..Scope::default() };
    let repo = repo::find(&scope, root).unwrap();
    let mut sources = Sources::default();
    for file in &repo.files {
        sources.add(Source::file(file.path.clone(), file.open.clone()));
    }
    (repo, sources)
}

pub fn render(root: &Path, helm: &Helm) -> Shown {
    let (repo, mut sources) = look(root);
    let charts = helm::charts(&repo);
    let rendered =
        helm::Run::new(&repo, helm, &Limits::default(), None).render(&charts, &mut sources);
    Shown { repo, sources, rendered }
}

impl Shown {
    pub fn at(&self, span: Span) -> String {
        format!("{}:{}", self.sources.get(span.source).path, self.sources.start(span).line)
    }

    /// The faults, each with its kind, place, text and message.
    pub fn faults(&self) -> Vec<String> {
        self.rendered.built.iter().flat_map(|built| self.faults_of(built)).collect()
    }

    pub fn faults_of(&self, built: &Built) -> Vec<String> {
        let faults = built.faults.iter();
        faults
            .map(|fault| {
                let (place, slice) = (self.at(fault.place), self.sources.slice(fault.place));
                format!("{:?} {place} `{slice}`: {}", fault.kind, fault.message)
            })
            .collect()
    }

    pub fn names(&self) -> Vec<String> {
        let built = self.rendered.built.iter();
        let name = |m: &netpol_lint::bundle::Manifest| format!("{} {}", m.head.kind, m.head.name);
        built.flat_map(|built| built.manifests.iter().map(name)).collect()
    }

    /// Each key and scalar in the objects of that kind, with the text at its place.
    fn map(&self, kind: &str) -> String {
        let mut out = String::new();
        let plain = self.rendered.built.iter().filter(|built| !built.name.contains(" ("));
        for manifest in plain.flat_map(|built| &built.manifests) {
            if manifest.head.kind == kind {
                out += &format!(
                    "\n{kind} {} ({})\n",
                    manifest.head.name,
                    self.at(manifest.head.start)
                );
                self.node(&manifest.tree, "", &mut out);
            }
        }
        out
    }

    fn node(&self, node: &Node, path: &str, out: &mut String) {
        let place =
            |span| format!("{:>3} | {}", self.sources.start(span).line, self.sources.slice(span));
        match &node.value {
            Value::Scalar(scalar) => {
                *out +=
                    &format!("{:<60} {}\n", format!("{path} = {}", scalar.text), place(node.span));
            }
            Value::Seq(items) => {
                for (nth, item) in items.iter().enumerate() {
                    self.node(item, &format!("{path}[{nth}]"), out);
                }
            }
            Value::Map(map) => {
                for entry in &map.entries {
                    let path = format!("{path}.{}", entry.key);
                    *out += &format!("{path:<60} {}\n", place(entry.key_span));
                    self.node(&entry.value, &path, out);
                }
            }
        }
    }
}

/// A repository with these files.
pub fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// A repository with a copy of the charts of `tests/charts`.
fn charts() -> TempDir {
    let folder = repository(&[]);
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts");
    for entry in walkdir::WalkDir::new(&from) {
        let entry = entry.unwrap();
        let target = folder.path().join(entry.path().strip_prefix(&from).unwrap());
        match entry.file_type().is_dir() {
            true => fs::create_dir_all(target).unwrap(),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
    folder
}

const CHART: &str = "apiVersion: v2\nname: evil\nversion: 0.1.0\n";

/// A chart with one template.
pub fn chart_of(template: &str, more: &[(&str, &str)]) -> TempDir {
    let mut files = vec![("evil/Chart.yaml", CHART), ("evil/templates/x.yaml", template)];
    files.extend(more);
    repository(&files)
}

fn settings(path: &str) -> ChartSettings {
    ChartSettings {
        path: path.to_owned(),
        paths: PathSet::new(&[path.to_owned()]).unwrap(),
        release: None,
        namespace: None,
        values: Vec::new(),
    }
}

#[test]
fn charts_are_distinguished_from_dependencies_and_libraries() {
    let folder = charts();
    let (repo, _) = look(folder.path());
    let charts = helm::charts(&repo);
    let whole: Vec<&str> = charts.whole().map(|chart| chart.directory.as_str()).collect();
    assert_eq!(whole, ["shop"]);
    assert_eq!(charts.get("./shop/charts/db/").unwrap().name, "db");
}

#[test]
fn every_node_of_a_policy_is_in_its_template() {
    let folder = charts();
    let shown = render(folder.path(), &Helm::default());
    assert_eq!(shown.faults(), [""; 0]);
    insta::with_settings!({snapshot_path => "../../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("helm_map", shown.map("NetworkPolicy"));
        insta::assert_snapshot!("helm_map_workload", shown.map("Deployment"));
    });
}

#[test]
fn hooks_are_applied_and_tests_are_not() {
    let folder = charts();
    let names = render(folder.path(), &Helm::default()).names();
    assert!(names.contains(&"Job migrate".to_owned()), "{names:?}");
    assert!(names.contains(&"Pod db".to_owned()) && !names.contains(&"Pod smoke".to_owned()));
}

#[test]
fn a_chart_is_rendered_once_for_each_of_its_settings() {
    let folder = charts();
    fs::write(folder.path().join("prod.yaml"), "clients: [only]\ndb: {enabled: false}\n").unwrap();
    let prod = ChartSettings {
        release: Some("live".to_owned()),
        namespace: Some("prod".to_owned()),
        values: vec!["prod.yaml".to_owned()],
        ..settings("sh*")
    };
    let helm = Helm {
        charts: vec![settings("shop"), prod, settings("none")],
        namespace: Some("base".to_owned()),
        ..Helm::default()
    };
    let shown = render(folder.path(), &helm);
    assert_eq!(shown.faults(), [""; 0]);
    let built = &shown.rendered.built;
    let names: Vec<&str> = built.iter().map(|built| built.name.as_str()).collect();
    assert_eq!(names, ["shop", "shop (live, prod.yaml)"]);
    assert_eq!(shown.rendered.unused, ["none"]);
    let web = |built: &Built| {
        let mut heads = built.manifests.iter().map(|manifest| &manifest.head);
        let found = heads.find(|head| head.kind == "NetworkPolicy" && head.name.ends_with("-web"));
        found.map(|head| (head.name.to_string(), head.namespace.clone().unwrap().to_string()))
    };
    assert_eq!(web(&built[0]), Some(("shop-web".to_owned(), "base".to_owned())));
    assert_eq!(web(&built[1]), Some(("live-web".to_owned(), "prod".to_owned())));
    assert_eq!(
        (built[0].namespace.as_deref(), built[1].namespace.as_deref()),
        (None, Some("prod"))
    );
    let databases =
        built.iter().map(|b| b.manifests.iter().filter(|m| m.head.name == "db").count());
    assert_eq!(databases.collect::<Vec<_>>(), [2, 0]);
    let files: Vec<String> =
        built[1].files.iter().map(|id| shown.sources.get(*id).path.clone()).collect();
    assert!(files.contains(&"prod.yaml".to_owned()), "{files:?}");
}

#[test]
fn a_controller_can_request_a_chart_with_values_of_its_own() {
    let folder = charts();
    let (repo, mut sources) = look(folder.path());
    let charts = helm::charts(&repo);
    let text = "clients: []\nport: 81\nname: \"a: b\"\n";
    let id = sources.add(Source::stdin("app.yaml".to_owned()));
    let inline = yaml::read(id, text, 0..text.len(), None, &Limits::default());
    let wanted = Wanted {
        chart: charts.get("shop").unwrap(),
        release: Some("argo"),
        release_place: None,
        namespace: Some("apps"),
        values: &[],
        inline: Some(&inline.documents[0].root),
        place: Span::new(id, 0, 0),
        is_changed: false,
    };
    let (helm, limits) = (Helm::default(), Limits::default());
    let mut run = helm::Run::new(&repo, &helm, &limits, None);
    let built = run.render_one(&wanted, &mut sources);
    assert!(built.faults.is_empty(), "{:?}", built.faults);
    let web = built.manifests.iter().find(|manifest| manifest.head.name == "argo-web").unwrap();
    assert_eq!(web.head.namespace.as_deref().unwrap_or("apps"), "apps");
    let missing = ["no.yaml".to_owned()];
    let wanted = Wanted { values: &missing, ..wanted };
    let built = run.render_one(&wanted, &mut sources);
    assert_eq!(built.faults[0].place, Span::new(id, 0, 0));
    assert!(built.faults[0].message.contains("`no.yaml`, which does not exist"));
}

#[test]
fn charts_that_are_not_rendered_leave_their_bundle_open() {
    let folder = charts();
    let never = render(folder.path(), &Helm { when: When::Never, ..Helm::default() });
    assert!(never.rendered.built[0].faults.is_empty());
    assert!(never.rendered.built[0].manifests.is_empty());
    assert_eq!(never.rendered.built[0].openings.len(), 1);
}

/// How a chart that does not render is reported, and that it is open.
fn fault_messages(folder: &TempDir, helm: &Helm) -> Vec<String> {
    let started = Instant::now();
    let shown = render(folder.path(), helm);
    assert!(started.elapsed() < Duration::from_secs(30));
    assert!(!shown.rendered.built[0].openings.is_empty());
    for fault in shown.rendered.built.iter().flat_map(|built| &built.faults) {
        assert!(!fault.help.is_empty() && !fault.message.contains("/tmp"), "{fault:?}");
    }
    shown.faults()
}

#[test]
fn what_helm_rejects_is_reported_at_its_line() {
    let deep = "{{ define \"d\" }}\nx: {{ .Values.a.b.c }}\n{{ end }}\n";
    let bad_values = ("evil/values.yaml", "a: 1\nb: [\n");
    for (template, more, expected) in [
        (
            "a: 1\nb: {{ required \"a name is needed\" .Values.name }}\n",
            ("evil/values.yaml", ""),
            "Asked evil/templates/x.yaml:2 `b: {{ required \"a name is needed\" .Values.name }}`: \
             chart `evil` does not render: a name is needed",
        ),
        (
            "a: {{ include \"d\" . }}\n",
            ("evil/templates/_d.tpl", deep),
            "Render evil/templates/x.yaml:1 `a: {{ include \"d\" . }}`: chart `evil` does not \
             render: `.Values.a.b.c`: nil pointer evaluating interface {}.b",
        ),
        (
            "a: 1\nb: {{ if }}\n",
            ("evil/values.yaml", ""),
            "Render evil/templates/x.yaml:2 `b: {{ if }}`: chart `evil` does not render: missing \
             value for if",
        ),
        (
            "kind: Pod\nmetadata:\n  name: {{ .Values.name }}\n",
            ("evil/values.yaml", "name: 'a: b: c'\n"),
            "Render evil/templates/x.yaml:3 ",
        ),
        ("a: 1\n", bad_values, "Render evil/values.yaml:2 "),
    ] {
        let folder = chart_of(template, &[more]);
        let faults = fault_messages(&folder, &Helm::default());
        assert!(faults.len() == 1 && faults[0].starts_with(expected), "{expected}\n{faults:#?}");
    }
}

#[test]
fn an_invalid_values_file_is_reported_at_its_line() {
    let folder = chart_of("a: 1\n", &[("prod.yaml", "a: 1\nb: 'x\n"), ("ok.yaml", "x: 1\n")]);
    let values = ["ok.yaml", "prod.yaml"].map(str::to_owned).to_vec();
    let helm =
        Helm { charts: vec![ChartSettings { values, ..settings("evil") }], ..Helm::default() };
    let faults = fault_messages(&folder, &helm);
    assert!(
        faults[0]
            .starts_with("Render prod.yaml:2 `'x`: chart `evil` does not render: `prod.yaml`: "),
        "{faults:?}"
    );
    for values in ["../x.yaml", "/etc/hostname", "none.yaml"] {
        let one = ChartSettings { values: vec![values.to_owned()], ..settings("evil") };
        let faults = fault_messages(&folder, &Helm { charts: vec![one], ..Helm::default() });
        assert!(
            faults[0]
                .starts_with("Render evil/Chart.yaml:2 `evil`: chart `evil` is configured with"),
            "{faults:?}"
        );
    }
}

#[test]
fn an_endless_chart_is_stopped() {
    let helm =
        Helm { time_limit: Duration::from_secs(2), output_limit: 1 << 20, ..Helm::default() };
    let failure_of = |template: &str| fault_messages(&chart_of(template, &[]), &helm).join("\n");
    let started = Instant::now();
    for (template, why) in [
        (
            "{{ define \"e\" }}{{ include \"e\" . }}{{ end }}a: {{ include \"e\" . }}\n",
            "nested reference name: e",
        ),
        (
            "{{ range until 100000 }}{{ range until 1000 }}# abcdefghij\n{{ end }}{{ end }}",
            "renders too much",
        ),
        (
            "{{ range until 90000 }}# abcdefghijklm\n{{ end }}a: 1\n",
            "renders more than 1048576 bytes",
        ),
        ("{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}a: 1\n", "takes too many"),
        ("{{ $x := repeat 500000000 \"a\" }}a: {{ len $x }}\n", "renders too much text"),
        (
            "{{ tpl (repeat 500 \"{{ tpl .a . }}\") (dict \"a\" (repeat 500 \"{{ 1 }}\")) }}\n",
            "too much",
        ),
    ] {
        let faults = failure_of(template);
        assert!(faults.contains(why), "{template}: {faults}");
    }
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[test]
#[cfg(unix)]
fn nothing_outside_the_repository_is_read() {
    let secret = TempDir::new().unwrap();
    fs::write(secret.path().join("key"), "s3cret").unwrap();
    for link in ["evil/templates/key.yaml", "evil/charts", "evil/files", "evil/values.yaml"] {
        let folder = chart_of("a: {{ .Files.Get \"files/key\" }}\n", &[]);
        std::os::unix::fs::symlink(secret.path(), folder.path().join(link)).unwrap();
        let faults = fault_messages(&folder, &Helm::default());
        let expected = format!("`{link}` that points outside the repository");
        assert!(faults[0].contains(&expected), "{faults:?}");
    }
    let folder = chart_of("a: 1\n", &[]);
    std::os::unix::fs::symlink("..", folder.path().join("evil/templates/up")).unwrap();
    let faults = fault_messages(&folder, &Helm::default());
    assert!(faults[0].contains("directories more than 32 deep"), "{faults:?}");
    // A file inside the chart is read, as helm does.
    let folder = chart_of("a: {{ .Files.Get \"files/key\" }}\n", &[("key", "b\n")]);
    fs::create_dir(folder.path().join("evil/files")).unwrap();
    std::os::unix::fs::symlink("../../key", folder.path().join("evil/files/key")).unwrap();
    assert_eq!(render(folder.path(), &Helm::default()).faults(), [""; 0]);
}

#[test]
fn nothing_is_downloaded_and_existing_charts_are_rendered() {
    let chart = format!(
        "{CHART}dependencies:\n  - name: redis\n    version: 1.x\n    repository: \
         https://charts.example.com\n  - name: near\n    version: 0.1.0\n    repository: file://../near\n"
    );
    let pod = |name: &str| format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n");
    let folder = repository(&[
        ("evil/Chart.yaml", &chart),
        ("evil/templates/x.yaml", &pod("own")),
        ("near/Chart.yaml", &CHART.replace("evil", "near")),
        ("near/templates/y.yaml", &pod("near")),
    ]);
    let shown = render(folder.path(), &Helm::default());
    let built = &shown.rendered.built[0];
    assert_eq!(built.faults[0].kind, FaultKind::Remote);
    assert_eq!(
        shown.faults(),
        ["Remote evil/Chart.yaml:5 `redis`: chart `evil` depends on chart `redis` of \
          `https://charts.example.com`, which is not in its `charts/`: it is not downloaded, so its \
          objects are not checked"]
    );
    assert_eq!(built.openings[0].what, "https://charts.example.com/redis");
    let names: Vec<String> = built.manifests.iter().map(|m| m.head.name.to_string()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let near = built.manifests.iter().find(|manifest| manifest.head.name == "near").unwrap();
    assert_eq!(shown.at(near.head.start), "near/templates/y.yaml:1");
    // A dependency that the values disable is not missing, and one that they enable is.
    let chart = chart.replace("    version: 1.x\n", "    version: 1.x\n    condition: redis.on\n");
    for (values, given, count) in [
        ("redis: {on: false}\n", "", 0),
        ("redis: {on: false}\n", "redis: {on: true}\n", 1),
        ("", "", 1),
    ] {
        let folder = repository(&[
            ("evil/Chart.yaml", &chart),
            ("evil/values.yaml", values),
            ("near/Chart.yaml", &CHART.replace("evil", "near")),
            ("prod.yaml", given),
        ]);
        let prod = ChartSettings { values: vec!["prod.yaml".to_owned()], ..settings("evil") };
        let shown = render(folder.path(), &Helm { charts: vec![prod], ..Helm::default() });
        assert_eq!(shown.rendered.built[0].openings.len(), count, "{values}{given}");
    }
    // A schema that refers elsewhere is not downloaded.
    let schema = ("evil/values.schema.json", "{\"$ref\": \"http://127.0.0.1:1/x.json\"}");
    let folder = chart_of("a: 1\n", &[schema]);
    let faults = render(folder.path(), &Helm::default()).faults();
    assert!(matches!(&faults[..], [one] if one.contains("is not applied")), "{faults:?}");
    // A helper of a missing dependency is not a mistake of the chart.
    let folder = repository(&[
        ("evil/Chart.yaml", &chart),
        ("evil/templates/x.yaml", "a: {{ include \"redis.name\" . }}\n"),
        ("near/Chart.yaml", &CHART.replace("evil", "near")),
    ]);
    let shown = render(folder.path(), &Helm::default());
    assert!(shown.rendered.built[0].faults.iter().all(|it| it.kind == FaultKind::Remote));
}

#[test]
fn dependencies_are_enabled_and_disabled_and_get_their_values() {
    let chart = format!(
        "{CHART}dependencies:\n  - {{name: db, version: 0.1.0, condition: db.enabled}}\n  - {{name: db, \
         version: 0.1.0, alias: second, tags: [more]}}\n  - {{name: words, version: 0.1.0, \
         import-values: [data]}}\n"
    );
    let pod = "kind: Pod\napiVersion: v1\nmetadata:\n  name: {{ .Chart.Name }}-{{ .Values.size }}-{{ \
               .Values.global.zone }}-{{ include \"words.it\" . }}\n";
    let files = |values: &str| {
        repository(&[
            ("evil/Chart.yaml", &chart),
            ("evil/values.yaml", values),
            (
                "evil/templates/own.yaml",
                "kind: Pod\napiVersion: v1\nmetadata: {name: {{ .Values.imported }}}\n",
            ),
            ("evil/charts/db/Chart.yaml", &CHART.replace("evil", "db")),
            ("evil/charts/db/values.yaml", "size: small\n"),
            ("evil/charts/db/templates/db.yaml", pod),
            ("evil/charts/words/Chart.yaml", &(CHART.replace("evil", "words") + "type: library\n")),
            ("evil/charts/words/values.yaml", "exports: {data: {imported: taken}}\n"),
            ("evil/charts/words/templates/_it.tpl", "{{ define \"words.it\" }}w{{ end }}"),
            ("evil/charts/words/templates/no.yaml", "kind: Pod\nmetadata: {name: no}\n"),
        ])
    };
    let names = |values: &str| {
        let shown = render(files(values).path(), &Helm::default());
        assert_eq!(shown.faults(), [""; 0]);
        let mut names = shown.names();
        names.sort();
        names
    };
    let both = "global: {zone: a}\nsecond: {size: large}\n";
    assert_eq!(names(both), ["Pod db-small-a-w", "Pod second-large-a-w", "Pod taken"]);
    let one = "global: {zone: a}\ndb: {enabled: false}\n";
    assert_eq!(names(one), ["Pod second-small-a-w", "Pod taken"]);
    let tags = "global: {zone: a}\ntags: {more: false}\nimported: own\n";
    assert_eq!(names(tags), ["Pod db-small-a-w", "Pod own"]);
}

#[test]
fn a_packaged_dependency_is_unpacked_and_placed_at_its_entry() {
    let mut archive =
        tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), Default::default()));
    for (name, text) in [
        ("db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 1.2.0\n"),
        ("db/values.yaml", "name: packed\n"),
        (
            "db/templates/x.yaml",
            "kind: Pod\napiVersion: v1\nmetadata:\n  name: {{ .Values.name }}\n",
        ),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    let bytes = archive.into_inner().unwrap().finish().unwrap();
    let chart = format!("{CHART}dependencies:\n  - name: db\n    version: 1.x\n");
    let folder =
        repository(&[("evil/Chart.yaml", &chart), ("evil/values.yaml", "db: {name: p}\n")]);
    fs::create_dir(folder.path().join("evil/charts")).unwrap();
    let package = folder.path().join("evil/charts/db-1.2.0.tgz");
    fs::write(&package, &bytes).unwrap();
    let shown = render(folder.path(), &Helm::default());
    assert_eq!((shown.faults(), shown.names()), (vec![], vec!["Pod p".to_owned()]));
    let head = &shown.rendered.built[0].manifests[0].head;
    assert_eq!(shown.at(head.start), "evil/Chart.yaml:5");
    // A broken package is reported, and so is one that is too large.
    fs::write(&package, &bytes[..bytes.len() / 2]).unwrap();
    let expected = "is rendered without `charts/db-1.2.0.tgz`, which can't be unpacked";
    assert!(shown_faults(&folder).iter().any(|fault| fault.contains(expected)));
}

fn shown_faults(folder: &TempDir) -> Vec<String> {
    render(folder.path(), &Helm::default()).faults()
}

/// Every span of every tree is inside one line of its source.
#[test]
fn the_charts_of_the_corpus_render_with_spans_in_their_templates() {
    let Some(corpus) = shared::shared("corpus") else { return };
    let mut nodes = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        let shown = render(&entry.unwrap().path(), &Helm::default());
        for built in &shown.rendered.built {
            for manifest in &built.manifests {
                let role = shown.repo.files[manifest.head.source.0 as usize].role;
                assert_eq!(role, repo::Role::ChartTemplate);
                lies_in(&manifest.tree, &shown.sources, &mut nodes);
            }
            for fault in &built.faults {
                assert!(!shown.sources.slice(fault.place).contains('\n'));
            }
        }
    }
    println!("{nodes} nodes");
}

fn lies_in(node: &Node, sources: &Sources, nodes: &mut usize) {
    *nodes += 1;
    let text = sources.get(node.span.source).text();
    let slice = |span: Span| text.get(span.start as usize..span.end as usize);
    assert!(slice(node.span).is_some());
    match &node.value {
        Value::Scalar(_) => assert!(slice(node.span).is_some_and(|token| !token.contains('\n'))),
        Value::Seq(items) => items.iter().for_each(|item| lies_in(item, sources, nodes)),
        Value::Map(map) => {
            for entry in &map.entries {
                let key = slice(entry.key_span).unwrap();
                let bare = key.trim_matches(['"', '\'']);
                // A literal value is at its own place, everything else at what writes it.
                let is_written = bare == entry.key || key.contains("{{");
                let is_action = |key: &str| {
                    text.get(..entry.key_span.start as usize)
                        .is_some_and(|b| b.rfind("{{") > b.rfind("}}") || key.is_empty())
                };
                assert!(is_written || is_action(key), "{} at `{key}`", entry.key);
                lies_in(&entry.value, sources, nodes);
            }
        }
    }
}

#[test]
fn a_values_schema_is_noted_and_never_shown_to_templates() {
    let folder = repository(&[
        ("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("web/values.schema.json", "{\"type\": \"object\", \"required\": [\"port\"]}"),
        (
            "web/templates/pod.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x{{ .Files.Get \"values.schema.json\" | len }}\n",
        ),
    ]);
    let shown = render(folder.path(), &Helm::default());
    let names = shown.rendered.built[0].manifests.iter().map(|it| it.head.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["x0"]);
    let faults = shown.faults();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("Unapplied web/Chart.yaml:2"), "{faults:?}");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n";
    fs::write(folder.path().join("web/templates/pod.yaml"), pod).unwrap();
    let faults = render(folder.path(), &Helm::default()).faults();
    assert_eq!(faults.len(), 1, "without a template that reads files too: {faults:?}");
}

#[test]
fn the_configuration_and_the_flag_decide_how_charts_are_rendered() {
    let text = "[helm]\nrender = 'require'\ntime-limit = 3\n[[helm.chart]]\npath = 'a/*'\n\
                release = 'x'\nnamespace = 'n'\nvalues = ['v.yaml']\n";
    let read = config::read("netpol-lint.toml", text).unwrap().helm;
    assert_eq!(read.render.unwrap().value, When::Require);
    assert_eq!((read.time_limit.unwrap().value, read.charts[0].line), (3, 4));
    let run = |arguments: &[&str], environment: Option<&str>| {
        let folder = repository(&[("netpol-lint.toml", text)]);
        let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
        command.current_dir(folder.path()).arg("config").args(arguments);
        command.env_remove("NETPOL_LINT_HELM");
        if let Some(value) = environment {
            command.env("NETPOL_LINT_HELM", value);
        }
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(run(&[], None).contains("render = \"require\""));
    assert!(run(&[], Some("never")).contains("render = \"never\""));
    assert!(run(&["--helm", "auto"], Some("never")).contains("render = \"auto\""));
}
