//! Charts, rendered by the real helm: what comes of them, where it stands, and what is told of
//! those that do not render.

use crate::{shared, tools};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use netpol_lint::bundle::helm::{self, ChartSettings, Helm, Rendered, Wanted, When};
use netpol_lint::bundle::{Built, FaultKind, heads};
use netpol_lint::repo::{PathSet, Repo, Scope};
use netpol_lint::text::{Source, Sources, Span};
use netpol_lint::yaml::{self, Limits, Node, Value};
use netpol_lint::{config, repo};
use tempfile::TempDir;

/// Whether helm is there.
fn helm_is_there() -> bool {
    tools::tool("helm").is_some()
}

/// A repository whose charts have been rendered.
struct Shown {
    repo: Repo,
    sources: Sources,
    rendered: Rendered,
}

fn look(root: &Path) -> (Repo, Sources) {
    let scope = Scope { paths: vec![root.to_owned()], ..Scope::default() };
    let repo = repo::find(&scope, root).unwrap();
    let mut sources = Sources::default();
    for file in &repo.files {
        sources.add(Source::file(file.path.clone(), file.open.clone()));
    }
    (repo, sources)
}

fn render(root: &Path, helm: &Helm) -> Shown {
    let (repo, mut sources) = look(root);
    let charts = helm::charts(&repo);
    let rendered = helm::render(&charts, &repo, &mut sources, helm, &Limits::default());
    Shown { repo, sources, rendered }
}

impl Shown {
    fn at(&self, span: Span) -> String {
        format!("{}:{}", self.sources.get(span.source).path, self.sources.start(span).line)
    }

    /// The faults, each with its kind, place, what stands there, and message.
    fn faults(&self) -> Vec<String> {
        self.rendered.built.iter().flat_map(|built| self.faults_of(built)).collect()
    }

    fn faults_of(&self, built: &Built) -> Vec<String> {
        let faults = built.faults.iter();
        faults
            .map(|fault| {
                let (place, slice) = (self.at(fault.place), self.sources.slice(fault.place));
                format!("{:?} {place} `{slice}`: {}", fault.kind, fault.message)
            })
            .collect()
    }

    fn names(&self) -> Vec<String> {
        let built = self.rendered.built.iter();
        let name = |m: &netpol_lint::bundle::Manifest| format!("{} {}", m.head.kind, m.head.name);
        built.flat_map(|built| built.manifests.iter().map(name)).collect()
    }

    /// Each key and scalar of the objects of that kind, with what stands at its place.
    fn map(&self, kind: &str) -> String {
        let mut out = String::new();
        for manifest in self.rendered.built.iter().flat_map(|built| &built.manifests) {
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

/// A repository of these files.
fn repository(files: &[(&str, &str)]) -> TempDir {
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

/// A chart of one template.
fn chart_of(template: &str, more: &[(&str, &str)]) -> TempDir {
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
fn charts_are_told_from_their_parts_and_from_libraries() {
    let folder = charts();
    let (repo, _) = look(folder.path());
    let charts = helm::charts(&repo);
    let whole: Vec<&str> = charts.whole().map(|chart| chart.directory.as_str()).collect();
    assert_eq!(whole, ["shop"]);
    assert_eq!(charts.get("./shop/charts/db/").unwrap().name, "db");
}

#[test]
fn every_node_of_a_policy_stands_in_its_template() {
    if !helm_is_there() {
        return;
    }
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
    if !helm_is_there() {
        return;
    }
    let folder = charts();
    let names = render(folder.path(), &Helm::default()).names();
    assert!(names.contains(&"Job migrate".to_owned()), "{names:?}");
    assert!(names.contains(&"Pod db".to_owned()) && !names.contains(&"Pod smoke".to_owned()));
}

#[test]
fn a_chart_is_rendered_once_for_each_of_its_settings() {
    if !helm_is_there() {
        return;
    }
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
fn something_else_can_ask_for_a_chart_with_values_of_its_own() {
    if !helm_is_there() {
        return;
    }
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
    };
    let built =
        helm::render_one(&wanted, &repo, &mut sources, &Helm::default(), &Limits::default());
    assert!(built.faults.is_empty(), "{:?}", built.faults);
    let web = built.manifests.iter().find(|manifest| manifest.head.name == "argo-web").unwrap();
    assert_eq!(web.head.namespace.as_deref().unwrap_or("apps"), "apps");
    let missing = ["no.yaml".to_owned()];
    let wanted = Wanted { values: &missing, ..wanted };
    let built =
        helm::render_one(&wanted, &repo, &mut sources, &Helm::default(), &Limits::default());
    assert_eq!(built.faults[0].place, Span::new(id, 0, 0));
    assert!(built.faults[0].message.contains("`no.yaml`, which does not exist"));
}

#[test]
fn without_helm_each_chart_is_open_and_says_how_to_get_it() {
    let folder = charts();
    let absent = Helm { program: "no-such-helm".into(), ..Helm::default() };
    let shown = render(folder.path(), &absent);
    let missing = shown.rendered.missing.clone().unwrap().to_string();
    assert!(missing.contains("no-such-helm") && missing.contains("helm.sh/docs"), "{missing}");
    assert_eq!(shown.rendered.built[0].faults[0].kind, FaultKind::Unrendered);
    assert_eq!(shown.rendered.built[0].openings.len(), 1);
    let never = render(folder.path(), &Helm { when: When::Never, ..absent });
    assert!(never.rendered.missing.is_none() && never.rendered.built[0].faults.is_empty());
    assert_eq!(never.rendered.built[0].openings.len(), 1);
    let empty = repository(&[("a.yaml", "")]);
    let none = render(empty.path(), &Helm { program: "no-such-helm".into(), ..Helm::default() });
    assert!(none.rendered.missing.is_none(), "nothing is to be rendered");
}

/// What is told of a chart that does not render, and that it is open.
fn told(folder: &TempDir, helm: &Helm) -> Vec<String> {
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
fn what_helm_refuses_is_told_at_its_line() {
    if !helm_is_there() {
        return;
    }
    let deep = "{{ define \"d\" }}\nx: {{ .Values.a.b.c }}\n{{ end }}\n";
    let bad_values = ("evil/values.yaml", "a: 1\nb: [\n");
    for (template, more, expected) in [
        (
            "a: 1\nb: {{ required \"a name is needed\" .Values.name }}\n",
            ("evil/values.yaml", ""),
            "Render evil/templates/x.yaml:2 `b: {{ required \"a name is needed\" .Values.name }}`: \
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
        let told = told(&folder, &Helm::default());
        assert!(told.len() == 1 && told[0].starts_with(expected), "{expected}\n{told:#?}");
    }
}

#[test]
fn a_values_file_with_a_mistake_is_told_at_its_line() {
    if !helm_is_there() {
        return;
    }
    let folder = chart_of("a: 1\n", &[("prod.yaml", "a: 1\nb: 'x\n"), ("ok.yaml", "x: 1\n")]);
    let values = ["ok.yaml", "prod.yaml"].map(str::to_owned).to_vec();
    let helm =
        Helm { charts: vec![ChartSettings { values, ..settings("evil") }], ..Helm::default() };
    let told = told(&folder, &helm);
    assert!(
        told[0].starts_with("Render prod.yaml:2 `'x`: chart `evil` does not render: `prod.yaml`: "),
        "{told:?}"
    );
    for values in ["../x.yaml", "/etc/hostname", "none.yaml"] {
        let one = ChartSettings { values: vec![values.to_owned()], ..settings("evil") };
        let told = self::told(&folder, &Helm { charts: vec![one], ..Helm::default() });
        assert!(
            told[0].starts_with("Render evil/Chart.yaml:2 `evil`: chart `evil` is configured with"),
            "{told:?}"
        );
    }
}

#[test]
fn a_chart_that_never_ends_or_never_stops_writing_is_ended() {
    if !helm_is_there() {
        return;
    }
    let helm =
        Helm { time_limit: Duration::from_secs(2), output_limit: 1 << 20, ..Helm::default() };
    let endless = "{{ define \"e\" }}{{ include \"e\" . }}{{ end }}a: {{ include \"e\" . }}\n";
    let patient = Helm { time_limit: Duration::from_secs(20), ..helm.clone() };
    let told_of = |template: &str, helm: &Helm| told(&chart_of(template, &[]), helm).join("\n");
    let told = told_of(endless, &patient);
    assert!(told.contains("nested reference name: e"), "{told}");
    let gigabyte = "{{ range until 100000 }}{{ range until 1000 }}# abcdefghij\n{{ end }}{{ end }}";
    let told = told_of(gigabyte, &helm);
    assert!(told.contains("takes longer than 2 seconds") || told.contains("memory"), "{told}");
    let megabytes = "{{ range until 200000 }}# abcdefghij\n{{ end }}a: 1\n";
    let told = told_of(megabytes, &patient);
    assert!(told.contains("renders more than 1048576 bytes"), "{told}");
    let busy = "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}a: 1\n";
    let told = told_of(busy, &helm);
    assert!(told.contains("takes longer than 2 seconds"), "{told}");
}

#[test]
#[cfg(target_os = "linux")]
fn what_helm_holds_in_memory_is_bounded() {
    if !helm_is_there() {
        return;
    }
    let helm = Helm { time_limit: Duration::from_secs(25), ..Helm::default() };
    let hoard = "{{ $x := repeat 500000000 \"a\" }}{{ $y := repeat 20 $x }}a: {{ len $y }}\n";
    let told = told(&chart_of(hoard, &[]), &helm);
    assert!(told[0].contains("MiB of memory to render"), "{told:?}");
}

#[test]
#[cfg(unix)]
fn nothing_leads_out_of_the_repository() {
    if !helm_is_there() {
        return;
    }
    let secret = TempDir::new().unwrap();
    fs::write(secret.path().join("key"), "s3cret").unwrap();
    for link in ["evil/templates/key.yaml", "evil/charts", "evil/files", "evil/values.yaml"] {
        let folder = chart_of("a: {{ .Files.Get \"files/key\" }}\n", &[]);
        std::os::unix::fs::symlink(secret.path(), folder.path().join(link)).unwrap();
        let told = told(&folder, &Helm::default());
        let expected = format!("`{link}` that points outside the repository");
        assert!(told[0].contains(&expected), "{told:?}");
    }
    let folder = chart_of("a: 1\n", &[]);
    std::os::unix::fs::symlink("..", folder.path().join("evil/templates/up")).unwrap();
    let told = told(&folder, &Helm::default());
    assert!(told[0].contains("directories more than 32 deep"), "{told:?}");
    // What stays inside is read, as helm does.
    let folder = chart_of("a: {{ .Files.Get \"files/key\" }}\n", &[("key", "b\n")]);
    fs::create_dir(folder.path().join("evil/files")).unwrap();
    std::os::unix::fs::symlink("../../key", folder.path().join("evil/files/key")).unwrap();
    assert_eq!(render(folder.path(), &Helm::default()).faults(), [""; 0]);
}

#[test]
fn nothing_is_fetched_and_what_is_there_is_rendered() {
    if !helm_is_there() {
        return;
    }
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
    // What the values turn off is not missing, and what they turn on is.
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
    // A schema that refers elsewhere is not asked.
    let schema = ("evil/values.schema.json", "{\"$ref\": \"http://127.0.0.1:1/x.json\"}");
    let folder = chart_of("a: 1\n", &[schema]);
    assert_eq!(render(folder.path(), &Helm::default()).faults(), [""; 0]);
    // A helper of a dependency that is not there is no mistake of the chart.
    let folder = repository(&[
        ("evil/Chart.yaml", &chart),
        ("evil/templates/x.yaml", "a: {{ include \"redis.name\" . }}\n"),
        ("near/Chart.yaml", &CHART.replace("evil", "near")),
    ]);
    let shown = render(folder.path(), &Helm::default());
    assert!(shown.rendered.built[0].faults.iter().all(|it| it.kind == FaultKind::Remote));
}

#[test]
fn a_comment_that_would_change_a_template_is_left_out() {
    if !helm_is_there() {
        return;
    }
    let template = "kind: Pod\nmetadata:\n  name: a\n  annotations:\n    long: this goes\n      on\n\
                    spec:\n  x: {{ .Chart.Name }}\n";
    let folder =
        chart_of(template, &[("evil/templates/z.yaml", "kind: Pod\nmetadata: {name: z}\n")]);
    let shown = render(folder.path(), &Helm::default());
    assert_eq!(shown.faults(), [""; 0]);
    let map = shown.map("Pod");
    for line in [".spec.x = evil", ".spec ", ".metadata.annotations.long = this goes on"] {
        assert!(map.contains(line), "{map}");
    }
    let told = |key: &str| map.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert!(told(".spec.x = ").ends_with("8 | {{ .Chart.Name }}"), "{map}");
    assert!(told(".spec ").ends_with("7 | spec"), "{map}");
}

/// Every span of every tree lies in one line of the text of its source.
#[test]
fn the_charts_of_the_corpus_render_and_stand_in_their_templates() {
    let Some(corpus) = shared::shared("corpus") else { return };
    if !helm_is_there() {
        return;
    }
    let (mut charts, mut rendered, mut nodes) = (0, 0, 0);
    let mut repositories: Vec<_> =
        fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    repositories.sort();
    for repository in repositories {
        let shown = render(&repository, &Helm::default());
        for built in &shown.rendered.built {
            charts += 1;
            let failed = built.faults.iter().any(|fault| fault.kind == FaultKind::Render);
            println!("{} {}: {}", repository.display(), built.name, built.manifests.len());
            for fault in shown.faults_of(built) {
                println!("    {fault}");
            }
            rendered += usize::from(!failed);
            if built.faults.is_empty() {
                let chart = shown.repo.root.join(&built.name);
                let expected = objects_of(&chart).unwrap_or(built.manifests.len());
                assert_eq!(built.manifests.len(), expected, "{}", chart.display());
            }
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
    println!("{rendered} of {charts} charts render; {nodes} nodes");
    // One chart of the four lacks the files that its templates ask for.
    assert!(rendered * 4 >= charts * 3, "{rendered} of {charts}");
}

/// How many objects helm makes of a chart where it stands; none where it wants a chart of the same
/// repository packed first.
fn objects_of(chart: &Path) -> Option<usize> {
    let mut command = Command::new("helm");
    let version = ["--kube-version", "v1.34.0", "--skip-tests", "--skip-schema-validation"];
    let output = command.args(["template", "x"]).arg(chart).args(version).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("missing in charts/ directory") {
        return None;
    }
    assert!(output.status.success(), "{said}");
    let text = String::from_utf8(output.stdout).unwrap();
    let source = Sources::default().add(Source::stdin(String::new()));
    let read = yaml::read(source, &text, 0..text.len(), None, &Limits::default());
    assert!(read.problems.is_empty(), "{:?}", read.problems);
    Some(read.documents.iter().map(|document| heads(&document.root).len()).sum())
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
                // What is written out stands at its word, all else at what writes it.
                assert!(bare == entry.key || key.contains("{{"), "{} at `{key}`", entry.key);
                lies_in(&entry.value, sources, nodes);
            }
        }
    }
}

#[test]
fn the_configuration_and_the_flag_say_how_charts_are_rendered() {
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
