//! Charts, rendered here and by real helm.

use std::fs;
use std::path::Path;
use std::process::Command;

use netpol_lint::bundle::helm::{self, Helm};
use netpol_lint::bundle::{Built, FaultKind, heads};
use netpol_lint::text::{Source, Sources};
use netpol_lint::yaml::{self, Limits, Node, Value};

use crate::helm::render;
use crate::{shared, tools};

/// The charts of the corpus, of `tests/charts`, and of the directory in `NETPOL_LINT_CHARTS`: real
/// helm renders the same objects of each, or rejects it too.
#[test]
fn helm_renders_the_same_for_each_chart() {
    if tools::tool("helm").is_none() {
        return;
    }
    let mut repositories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/charts")];
    if let Some(corpus) = shared::shared("corpus") {
        repositories.extend(fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()));
    }
    let more = std::env::var_os("NETPOL_LINT_CHARTS");
    repositories.extend(more.iter().map(|path| Path::new(path).to_path_buf()));
    let (mut charts, mut same, mut must) = (0, 0, Vec::new());
    for repository in &repositories {
        let is_extra = more.as_ref().is_some_and(|path| Path::new(path) == repository);
        let shown = render(repository, &Helm::default());
        let found = helm::charts(&shown.repo);
        for built in &shown.rendered.built {
            let (name, variant) = parts(&built.name);
            let Some(chart) = found.get(name) else { continue };
            let directory = shown.repo.root.join(name);
            let Some(helms) = objects_of(&directory, &chart.name, variant) else { continue };
            charts += 1;
            let difference = difference(built, &helms);
            same += usize::from(difference.is_none());
            if let Some(difference) = difference {
                println!("{} ({variant}): {difference}", directory.display());
                for fault in shown.faults_of(built) {
                    println!("    {fault}");
                }
                if !is_extra {
                    must.push(directory);
                }
            }
        }
    }
    println!("{same} of {charts} renderings of charts are the same");
    assert!(must.is_empty(), "{must:?}");
}

/// The directory of a chart, and how it is rendered.
fn parts(name: &str) -> (&str, &str) {
    let split = name.strip_suffix(')').and_then(|name| name.split_once(" ("));
    split.unwrap_or((name, ""))
}

/// The difference; `None` if there is none, or both reject it.
fn difference(built: &Built, helms: &Result<Vec<(String, String)>, String>) -> Option<String> {
    let fault = built.faults.iter().find(|fault| fault.kind == FaultKind::Render);
    let helms = match (helms, fault) {
        (Err(_), Some(_)) => return None,
        (Err(why), None) => return Some(format!("helm rejects it: {why}")),
        (Ok(_), Some(fault)) => return Some(format!("only here: {}", fault.message)),
        (Ok(helms), None) => helms,
    };
    let mut ours: Vec<(String, String)> =
        built.manifests.iter().map(|it| (named(&it.head), printed(&it.tree))).collect();
    let mut theirs = helms.clone();
    ours.sort();
    theirs.sort();
    let differs = |((x, a), (y, b)): &(&(String, String), &(String, String))| {
        // A value that is random can't be compared.
        x != y || (a != b && !a.contains("${UNKNOWN}"))
    };
    if ours.len() != theirs.len() {
        return Some(format!("{} objects here, {} by helm", ours.len(), theirs.len()));
    }
    let ((_, a), (_, b)) = ours.iter().zip(&theirs).find(differs)?;
    let at = a.bytes().zip(b.bytes()).position(|(x, y)| x != y).unwrap_or(a.len().min(b.len()));
    let cut = |text: &str| {
        let text: String = text.chars().skip(at.saturating_sub(60)).take(160).collect();
        text.replace('\n', "\\n")
    };
    Some(format!("here {}\n    helm {}", cut(a), cut(b)))
}

/// A tree without its spans.
fn printed(node: &Node) -> String {
    match &node.value {
        Value::Scalar(scalar) => format!("{:?}:{}", scalar.kind, scalar.text),
        Value::Seq(items) => {
            format!("[{}]", items.iter().map(printed).collect::<Vec<_>>().join(","))
        }
        Value::Map(map) => {
            // The last of duplicate keys wins.
            let mut all: std::collections::BTreeMap<&str, String> = Default::default();
            for entry in &map.entries {
                all.insert(&entry.key, printed(&entry.value));
            }
            let kind = all.get("kind").cloned().unwrap_or_default();
            let entries = all.iter().map(|(key, value)| format!("{key}={value}"));
            format!("{kind}{{{}}}", entries.collect::<Vec<_>>().join(";"))
        }
    }
}

/// What helm renders of a chart, or its error; `None` if it needs another chart first.
fn objects_of(
    chart: &Path,
    name: &str,
    variant: &str,
) -> Option<Result<Vec<(String, String)>, String>> {
    let mut command = Command::new("helm");
    let parts = || variant.split(", ").filter(|part| !part.is_empty());
    let release = name.to_ascii_lowercase().replace(['.', '_'], "-");
    let release = parts().find_map(|part| part.strip_prefix("release=")).unwrap_or(&release);
    command.args(["template", release]).arg(chart);
    for part in parts().filter(|part| !part.starts_with("release=")) {
        match part.contains('=') {
            true => command.args(["--set", part]),
            false => command.arg("--values").arg(chart.join(part)),
        };
    }
    command.args(["--kube-version", "v1.34.0", "--skip-tests", "--skip-schema-validation"]);
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    // The cluster does not matter here.
    if told.contains("missing in charts/ directory") || told.contains("requires kubeVersion") {
        return None;
    }
    if !output.status.success() {
        return Some(Err(told.lines().last().unwrap_or_default().to_owned()));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let source = Sources::default().add(Source::stdin(String::new()));
    let read = yaml::read(source, &text, 0..text.len(), None, &Limits::default());
    let documents = read.documents.iter();
    let objects = documents.flat_map(|it| heads(&it.root));
    Some(Ok(objects.map(|(head, tree)| (named(&head), printed(&tree))).collect()))
}

fn named(head: &netpol_lint::bundle::Head) -> String {
    format!("{} {:?} {}", head.kind, head.namespace, head.name)
}
