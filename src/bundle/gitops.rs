//! What Flux and Argo CD deploy from this repository: their objects name directories, each with the
//! namespace that it goes to.
//!
//! A directory becomes a kustomization that refers to it, as in Flux' kustomize-controller: its
//! nodes are those of the object, so what it writes is reported at the object's own lines.
//!
//! Sources: the `Kustomization` API of kustomize.toolkit.fluxcd.io/v1, the `Application` and
//! `ApplicationSet` APIs of argoproj.io/v1alpha1.

use compact_str::CompactString;
use sha2::{Digest, Sha256};

use super::{DirectorySource, Head};
use crate::text::Span;
use crate::yaml::{self, Entry, Map, Node, Scalar, ScalarKind, Value};

/// One directory that a controller deploys.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The directory, relative to the repository's root; empty for the root itself.
    pub directory: String,
    /// Where the object names it.
    pub place: Span,
    /// A kustomization with the directory as its resource.
    pub kustomization: Node,
    /// The namespace of objects without one, if the controller sets it.
    pub fallback: Option<CompactString>,
    /// The cluster that it is deployed to, if the object says so.
    pub destination: Option<String>,
    /// Whether the kustomization there may be empty.
    pub takes_empty: bool,
    /// How to render it, if it is a chart.
    pub chart: ChartAsk,
    /// How its files are read if it is neither a kustomization nor a chart; `None` for Flux, which
    /// generates a kustomization for them.
    pub plain: Option<DirectorySource>,
    /// The GitRepository that Flux takes it from.
    pub source: Option<GitSource>,
}

/// The namespace and the name of a GitRepository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GitSource {
    /// Its namespace, where one is written.
    pub namespace: Option<CompactString>,
    /// Its name.
    pub name: CompactString,
}

/// How to render a chart.
#[derive(Clone, Debug, Default)]
pub struct ChartAsk {
    /// Whether it must be a chart.
    pub is_sure: bool,
    /// The release's name.
    pub release: Option<String>,
    /// Where that name is written.
    pub release_place: Option<Span>,
    /// Values files, relative to the repository's root; later ones win.
    pub values: Vec<String>,
    /// Values that override all files.
    pub inline: Option<Node>,
}

/// The directories that an object deploys. `directories` says which ones exist in the repository,
/// and which ones a pattern (`apps/*`) matches. An object for another repository names directories
/// that are not here: that is not an error.
pub fn asks(head: &Head, tree: &Node, directories: &dyn Fn(&str) -> Vec<String>) -> Vec<Ask> {
    match (head.group.as_str(), head.kind.as_str()) {
        ("kustomize.toolkit.fluxcd.io", "Kustomization") => flux(head, tree, directories),
        ("argoproj.io", "Application") => {
            tree.get("spec").map(|spec| argo(head, spec, directories)).unwrap_or_default()
        }
        ("argoproj.io", "ApplicationSet") => application_set(head, tree, directories),
        ("helm.toolkit.fluxcd.io", "HelmRelease") => helm_release(head, tree, directories),
        _ => Vec::new(),
    }
}

/// The fields of a Flux `Kustomization` that are fields of a kustomization.
const FLUX_FIELDS: &[&str] =
    &["namePrefix", "nameSuffix", "patches", "patchesStrategicMerge", "patchesJson6902", "images"];

fn flux(head: &Head, tree: &Node, directories: &dyn Fn(&str) -> Vec<String>) -> Vec<Ask> {
    let Some(spec) = tree.get("spec") else { return Vec::new() };
    let Some(path) = spec.get("path") else { return Vec::new() };
    let target = text(spec, "targetNamespace");
    let mut found = Vec::new();
    for directory in named(path, directories) {
        let mut entries = vec![resources(path, &directory)];
        entries.extend(FLUX_FIELDS.iter().filter_map(|field| spec.entry(field).cloned()));
        // It overrides the namespaces in the manifests, as `namespace:` does.
        entries.extend(renamed(spec, "targetNamespace", "namespace"));
        if let Some(labels) = spec.at(&["commonMetadata", "labels"]) {
            entries.push(plain_labels(labels));
        }
        if let Some(components) =
            spec.entry("components").and_then(|entry| below(entry, &directory))
        {
            entries.push(components);
        }
        found.push(Ask {
            directory,
            place: path.span,
            kustomization: mapping(entries, spec.span),
            fallback: target.map(CompactString::new),
            destination: None,
            takes_empty: true,
            chart: ChartAsk::default(),
            plain: None,
            source: git_source(head, spec),
        });
    }
    found
}

/// `spec.sourceRef` of a Flux `Kustomization`, whose namespace is its own unless it says so.
fn git_source(head: &Head, spec: &Node) -> Option<GitSource> {
    let reference = spec.get("sourceRef").filter(|it| text(it, "kind") == Some("GitRepository"))?;
    let namespace = text(reference, "namespace").map(CompactString::new);
    Some(GitSource {
        namespace: namespace.or_else(|| head.namespace.clone()),
        name: CompactString::new(text(reference, "name")?),
    })
}

/// `spec.source` and `spec.sources[]` of an Application, or of an ApplicationSet's template.
fn argo(head: &Head, spec: &Node, directories: &dyn Fn(&str) -> Vec<String>) -> Vec<Ask> {
    let sources = spec.get("sources").and_then(Node::as_seq).unwrap_or_default();
    let mut found = Vec::new();
    for source in spec.get("source").into_iter().chain(sources) {
        // A chart in a Helm repository has no directory here.
        if source.get("chart").is_some() {
            continue;
        }
        let Some(path) = source.get("path") else { continue };
        for directory in named(path, directories) {
            found.push(argo_ask(head, spec, source, path, directory));
        }
    }
    found
}

fn argo_ask(head: &Head, spec: &Node, source: &Node, path: &Node, directory: String) -> Ask {
    let destination = spec.get("destination");
    let of_destination = |key: &str| destination.and_then(|node| text(node, key));
    let mut entries = vec![resources(path, &directory)];
    if let Some(kustomize) = source.get("kustomize") {
        let same = ["namePrefix", "nameSuffix", "namespace", "patches", "images"];
        entries.extend(same.iter().filter_map(|field| kustomize.entry(field).cloned()));
        match (kustomize.entry("commonLabels"), kustomize.get("labelWithoutSelector")) {
            (Some(labels), Some(without)) if is_true(without) => {
                entries.push(plain_labels(&labels.value));
            }
            (Some(labels), _) => entries.push(labels.clone()),
            (None, _) => {}
        }
        let components = kustomize.entry("components");
        entries.extend(components.and_then(|entry| below(entry, &directory)));
    }
    Ask {
        place: path.span,
        kustomization: mapping(entries, source.span),
        fallback: of_destination("namespace").map(CompactString::new),
        takes_empty: false,
        destination: of_destination("name").or(of_destination("server")).map(str::to_owned),
        chart: source
            .get("helm")
            .map(|helm| argo_chart(head, helm, &directory))
            .unwrap_or_default(),
        plain: Some(DirectorySource::of(source)),
        source: None,
        directory,
    }
}

fn argo_chart(head: &Head, helm: &Node, directory: &str) -> ChartAsk {
    let files = helm.get("valueFiles").and_then(Node::as_seq).unwrap_or_default();
    // What an ApplicationSet fills in (`$values/{{ .path.path }}/values.yaml`), and files of other
    // sources, are unknown here.
    let is_known = |file: &&str| !file.contains("{{") && !file.starts_with('$');
    let files = files.iter().filter_map(Node::as_str).filter(is_known);
    let written = || helm.get("values").and_then(parsed);
    ChartAsk {
        is_sure: false,
        release: Some(text(helm, "releaseName").unwrap_or(&head.name).to_owned()),
        release_place: Some(helm.get("releaseName").map_or(head.name_span, |name| name.span)),
        values: files.filter_map(|file| super::path_from(directory, file)).collect(),
        inline: helm.get("valuesObject").cloned().or_else(written),
    }
}

/// Values that are written as a string.
fn parsed(node: &Node) -> Option<Node> {
    let text = node.as_str()?;
    let stream = yaml::read(node.span.source, text, 0..text.len(), None, &yaml::Limits::default());
    stream.documents.into_iter().next().map(|document| document.root)
}

/// A chart in a git repository, which may be this one. Those in Helm repositories have no path.
fn helm_release(head: &Head, tree: &Node, directories: &dyn Fn(&str) -> Vec<String>) -> Vec<Ask> {
    let Some(spec) = tree.get("spec") else { return Vec::new() };
    let Some(chart) = spec.at(&["chart", "spec", "chart"]) else { return Vec::new() };
    let source = spec.at(&["chart", "spec", "sourceRef", "kind"]).and_then(Node::as_str);
    if source == Some("HelmRepository") {
        return Vec::new();
    }
    let namespace = text(spec, "targetNamespace").or(head.namespace.as_deref());
    let ask = |directory: String| Ask {
        place: chart.span,
        kustomization: mapping(vec![resources(chart, &directory)], chart.span),
        fallback: namespace.map(CompactString::new),
        destination: None,
        takes_empty: false,
        chart: ChartAsk {
            is_sure: true,
            release: Some(release_name(head, spec)),
            release_place: Some(spec.get("releaseName").map_or(head.name_span, |name| name.span)),
            values: Vec::new(),
            inline: spec.get("values").cloned(),
        },
        plain: None,
        source: None,
        directory,
    };
    named(chart, directories).into_iter().map(ask).collect()
}

/// The name of a Flux release: the one that is written, else the object's, behind the namespace that
/// it is deployed to. What is too long for Helm is cut, with the beginning of its hash
/// (helm-controller, `GetReleaseName` and `ShortenName`).
fn release_name(head: &Head, spec: &Node) -> String {
    const LONGEST: usize = 53;
    const HASH: usize = 12;
    if let Some(name) = text(spec, "releaseName") {
        return name.to_owned();
    }
    let name = match text(spec, "targetNamespace") {
        Some(namespace) => format!("{namespace}-{}", head.name),
        None => head.name.to_string(),
    };
    match name.get(..LONGEST - HASH - 1) {
        Some(beginning) if name.len() > LONGEST => {
            let hash = Sha256::digest(name.as_bytes());
            let hash: String = hash.iter().take(HASH / 2).map(|b| format!("{b:02x}")).collect();
            format!("{beginning}-{hash}")
        }
        _ => name,
    }
}

/// An ApplicationSet with known directories: literal ones, or those that a git generator lists.
fn application_set(
    head: &Head,
    tree: &Node,
    directories: &dyn Fn(&str) -> Vec<String>,
) -> Vec<Ask> {
    let Some(spec) = tree.at(&["spec", "template", "spec"]) else { return Vec::new() };
    let listed = || {
        let generators = tree.at(&["spec", "generators"]).and_then(Node::as_seq);
        let of_git = generators
            .unwrap_or_default()
            .iter()
            .filter_map(|one| one.at(&["git", "directories"]).and_then(Node::as_seq));
        let (mut found, mut excluded) = (Vec::new(), Vec::new());
        for entry in of_git.flatten() {
            let list =
                if entry.get("exclude").is_some_and(is_true) { &mut excluded } else { &mut found };
            list.extend(text(entry, "path").map(directories).unwrap_or_default());
        }
        found.retain(|directory| !excluded.contains(directory));
        found
    };
    let expand = |path: &str| match path {
        "{{path}}" | "{{ path }}" | "{{.path.path}}" | "{{ .path.path }}" => listed(),
        path => directories(path),
    };
    let mut found = argo(head, spec, &expand);
    // Its namespaces are filled in for each directory, often with the directory's name.
    for ask in &mut found {
        ask.fallback = ask.fallback.take().filter(|name| !name.contains("{{"));
        ask.destination = ask.destination.take().filter(|name| !name.contains("{{"));
    }
    found
}

/// The directories of this repository that a path matches.
fn named(path: &Node, directories: &dyn Fn(&str) -> Vec<String>) -> Vec<String> {
    path.as_str().map(directories).unwrap_or_default()
}

fn text<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.get(key).and_then(Node::as_str).filter(|text| !text.is_empty())
}

fn is_true(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| scalar.kind == ScalarKind::Bool(true))
}

/// `resources: [directory]`, with the place of the path.
fn resources(path: &Node, directory: &str) -> Entry {
    let item = match directory {
        "" => string(".", path.span),
        directory => string(directory, path.span),
    };
    entry("resources", path.span, Node { span: path.span, value: Value::Seq(vec![item].into()) })
}

/// `components`, whose paths are relative to the directory, made relative to the root.
fn below(components: &Entry, directory: &str) -> Option<Entry> {
    let items = components.value.as_seq()?;
    let moved = |item: &Node| {
        let path = item.as_str()?;
        Some(string(&super::path_from(directory, path)?, item.span))
    };
    let items: Vec<Node> = items.iter().filter_map(moved).collect();
    let value = Node { span: components.value.span, value: Value::Seq(items.into()) };
    Some(entry("components", components.key_span, value))
}

/// `labels: [{pairs: …}]`: labels that are not added to selectors.
fn plain_labels(labels: &Node) -> Entry {
    let pairs = mapping(vec![entry("pairs", labels.span, labels.clone())], labels.span);
    let list = Node { span: labels.span, value: Value::Seq(vec![pairs].into()) };
    entry("labels", labels.span, list)
}

fn renamed(node: &Node, from: &str, to: &str) -> Option<Entry> {
    node.entry(from).map(|old| entry(to, old.key_span, old.value.clone()))
}

fn entry(key: &str, key_span: Span, value: Node) -> Entry {
    Entry { key: CompactString::new(key), key_span, value }
}

fn mapping(entries: Vec<Entry>, span: Span) -> Node {
    Node { span, value: Value::Map(Map { entries }.into()) }
}

fn string(text: &str, span: Span) -> Node {
    let scalar = Scalar { text: CompactString::new(text), kind: ScalarKind::Str, plain: true };
    Node { span, value: Value::Scalar(scalar) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceId;
    use crate::yaml::Limits;

    /// The directories that an object deploys, with the fields of each kustomization, in a
    /// repository with these directories.
    fn asked(text: &str) -> Vec<(String, String, Option<String>)> {
        let here = ["apps", "apps/web", "apps/cart", "apps/old"];
        let directories = |path: &str| match path.trim_start_matches("./").trim_end_matches('/') {
            "apps/*" => here[1..].iter().map(|name| (*name).to_owned()).collect(),
            path => here.iter().filter(|name| **name == path).map(|n| (*n).to_owned()).collect(),
        };
        let stream = yaml::read(SourceId(0), text, 0..text.len(), None, &Limits::default());
        let (head, tree) = crate::bundle::heads(&stream.documents[0].root).remove(0);
        let parts = |ask: Ask| {
            let map = ask.kustomization.as_map().cloned().unwrap_or_default();
            let fields: Vec<String> = map.entries.iter().map(|e| e.key.to_string()).collect();
            (ask.directory, fields.join(" "), ask.fallback.map(|name| name.to_string()))
        };
        asks(&head, &tree, &directories).into_iter().map(parts).collect()
    }

    #[test]
    fn flux_overrides_explicit_namespaces() {
        let text = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: web}\n\
            spec:\n  path: ./apps/web\n  targetNamespace: shop\n  components: [../cart]\n  \
            commonMetadata: {labels: {team: a}}\n";
        let fields = "resources namespace labels components".to_owned();
        assert_eq!(asked(text), [("apps/web".to_owned(), fields, Some("shop".to_owned()))]);
    }

    #[test]
    fn argo_sets_the_namespace_of_objects_without_one() {
        let text = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\n\
            spec:\n  destination: {namespace: shop}\n  sources:\n  - path: apps/web\n    \
            kustomize: {namePrefix: x-}\n  - path: elsewhere\n  - chart: redis\n";
        let fields = "resources namePrefix".to_owned();
        assert_eq!(asked(text), [("apps/web".to_owned(), fields, Some("shop".to_owned()))]);
    }

    #[test]
    fn an_application_set_lists_directories() {
        let text = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all}\n\
            spec:\n  generators:\n  - git:\n      directories:\n      - path: apps/*\n      \
            - {path: apps/old, exclude: true}\n  template:\n    spec:\n      \
            source: {path: '{{.path.path}}'}\n      \
            destination: {namespace: '{{.path.basename}}'}\n";
        let found = asked(text);
        let directories: Vec<&str> = found.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(directories, ["apps/web", "apps/cart"]);
        assert!(found.iter().all(|(.., fallback)| fallback.is_none()));
    }

    #[test]
    fn flux_shortens_the_names_of_releases() {
        let release = |name: &str, more: &str| {
            let text = format!(
                "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: \
                 {name}, namespace: flux}}\nspec: {{{more}}}\n"
            );
            let stream = yaml::read(SourceId(0), &text, 0..text.len(), None, &Limits::default());
            let (head, tree) = crate::bundle::heads(&stream.documents[0].root).remove(0);
            release_name(&head, tree.get("spec").unwrap())
        };
        assert_eq!(release("web", "x: y"), "web");
        assert_eq!(release("web", "targetNamespace: shop"), "shop-web");
        assert_eq!(release("web", "targetNamespace: shop, releaseName: front"), "front");
        let long = "a".repeat(60);
        let shortened = release(&long, "x: y");
        assert_eq!(shortened.len(), 53);
        // The beginning of `sha256sum` of the sixty letters.
        assert_eq!(shortened, format!("{}-11ee391211c6", "a".repeat(40)));
        assert_eq!(release(&"a".repeat(53), "x: y"), "a".repeat(53));
    }

    #[test]
    fn directories_of_another_repository_are_not_deployed() {
        let text = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x}\n\
            spec: {path: ./not/here}\n";
        assert_eq!(asked(text), []);
    }
}
