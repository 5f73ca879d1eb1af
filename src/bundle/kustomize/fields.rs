//! The fields of a kustomization: which ones kustomize knows, and which it rejects.

use super::edit;
use super::fault::refused;
use crate::bundle::Fault;
use crate::text::Span;
use crate::yaml::{Map, Node, Value};

/// The type of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    /// A mapping of any keys.
    Map,
    /// A mapping of any keys to strings.
    Strings,
    /// A mapping of these keys.
    Record(&'static [&'static str]),
    /// A list of strings.
    Texts,
    /// A list of mappings of these keys.
    Records(&'static [&'static str]),
}

const PATCH: Form = Form::Records(&["path", "patch", "target", "options"]);
const GENERATOR: &[&str] =
    &["name", "namespace", "behavior", "type", "literals", "files", "envs", "env", "options"];
const HELM_CHART: &[&str] = &[
    "name",
    "version",
    "repo",
    "releaseName",
    "namespace",
    "valuesFile",
    "valuesInline",
    "valuesMerge",
    "includeCRDs",
    "skipHooks",
    "additionalValuesFiles",
    "apiVersions",
    "kubeVersion",
    "nameTemplate",
    "skipTests",
    "debug",
    "devel",
];
const HELM_CHART_ARGS: &[&str] = &[
    "chartName",
    "chartVersion",
    "chartRepoUrl",
    "chartHome",
    "chartRepoName",
    "helmBin",
    "helmHome",
    "values",
    "valuesLocal",
    "valuesMerge",
    "releaseName",
    "releaseNamespace",
    "extraArgs",
];

/// Every field that kustomize 5.5.0 knows (`api/types/kustomization.go`).
const FIELDS: &[(&str, Form)] = &[
    ("apiVersion", Form::Text),
    ("kind", Form::Text),
    ("metadata", Form::Map),
    ("openapi", Form::Map),
    ("namePrefix", Form::Text),
    ("nameSuffix", Form::Text),
    ("namespace", Form::Text),
    ("commonLabels", Form::Strings),
    ("labels", Form::Records(&["pairs", "includeSelectors", "includeTemplates", "fields"])),
    ("commonAnnotations", Form::Strings),
    ("patchesStrategicMerge", Form::Texts),
    ("patchesJson6902", PATCH),
    ("patches", PATCH),
    ("images", Form::Records(&["name", "newName", "tagSuffix", "newTag", "digest"])),
    ("imageTags", Form::Records(&["name", "newName", "tagSuffix", "newTag", "digest"])),
    ("replacements", Form::Records(&["path", "source", "targets"])),
    ("replicas", Form::Records(&["name", "count"])),
    ("vars", Form::Records(&["name", "objref", "fieldref"])),
    ("sortOptions", Form::Record(&["order", "legacySortOptions"])),
    ("resources", Form::Texts),
    ("components", Form::Texts),
    ("crds", Form::Texts),
    ("bases", Form::Texts),
    ("configMapGenerator", Form::Records(GENERATOR)),
    ("secretGenerator", Form::Records(GENERATOR)),
    ("helmGlobals", Form::Record(&["chartHome", "configHome"])),
    ("helmCharts", Form::Records(HELM_CHART)),
    ("helmChartInflationGenerator", Form::Records(HELM_CHART_ARGS)),
    (
        "generatorOptions",
        Form::Record(&["labels", "annotations", "disableNameSuffixHash", "immutable"]),
    ),
    ("configurations", Form::Texts),
    ("generators", Form::Texts),
    ("transformers", Form::Texts),
    ("validators", Form::Texts),
    ("buildMetadata", Form::Texts),
];

const VERSION: &str = "kustomize.config.k8s.io/v1beta1";
const COMPONENT_VERSION: &str = "kustomize.config.k8s.io/v1alpha1";

/// The tree of a kustomization with its fields named as kustomize names them: kustomize follows the
/// rules of Go's JSON, for which `Resources` is `resources`.
pub(super) fn named(tree: &Node) -> Node {
    let Some(map) = tree.as_map() else {
        return tree.clone();
    };
    let mut entries = map.entries.clone();
    for entry in &mut entries {
        let known = FIELDS.iter().find(|(name, _)| entry.key.eq_ignore_ascii_case(name));
        if let Some((name, _)) = known {
            entry.key = (*name).into();
        }
    }
    Node { span: tree.span, value: Value::Map(Map { entries }.into()) }
}

/// Whether its kind is Component.
pub(super) fn is_component(tree: &Node) -> bool {
    tree.get("kind").and_then(Node::as_str) == Some("Component")
}

/// What kustomize rejects about the fields themselves. Duplicate keys are not part of this: the
/// last one counts.
pub(super) fn check(tree: &Node) -> Vec<Fault> {
    let mut faults = Vec::new();
    let Some(map) = tree.as_map() else {
        faults.push(empty(edit::token(tree)));
        return faults;
    };
    if is_empty(tree) {
        faults.push(empty(edit::token(tree)));
    }
    for entry in &map.entries {
        match FIELDS.iter().find(|(name, _)| entry.key == *name) {
            Some((name, form)) => check_form(name, *form, &entry.value, &mut faults),
            None => faults.push(unknown(&entry.key, entry.key_span, FIELDS.iter().map(|it| it.0))),
        }
    }
    check_kind(tree, &mut faults);
    faults
}

/// Whether it has nothing but apiVersion, kind and metadata.
pub(super) fn is_empty(tree: &Node) -> bool {
    let entries = tree.as_map().map_or(&[][..], |map| &map.entries);
    entries
        .iter()
        .all(|entry| matches!(entry.key.as_str(), "apiVersion" | "kind") || entry.value.is_null())
}

fn empty(place: Span) -> Fault {
    refused(
        place,
        "this kustomization is empty: kustomize rejects it".to_owned(),
        "list its files under `resources`, or delete this one",
    )
}

fn unknown<'a>(key: &str, place: Span, known: impl Iterator<Item = &'a str>) -> Fault {
    let near = known
        .map(|name| (strsim::damerau_levenshtein(&key.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= 3)
        .min();
    let help = match near {
        Some((_, name)) => format!("write `{name}`, or remove it"),
        None => "remove it, or see kustomize's reference for its fields".to_owned(),
    };
    refused(place, format!("unknown field `{key}`: kustomize rejects the file"), &help)
}

fn check_kind(tree: &Node, faults: &mut Vec<Fault>) {
    let text = |key: &str| tree.get(key).and_then(Node::as_str).filter(|text| !text.is_empty());
    let kind = text("kind").unwrap_or("Kustomization");
    let place = |key: &str| tree.get(key).map_or(tree.span, |node| node.span);
    if !matches!(kind, "Kustomization" | "Component") {
        faults.push(refused(
            place("kind"),
            format!("`{kind}` is not a kind of kustomization"),
            "write `kind: Kustomization`, or `kind: Component` for a component",
        ));
        return;
    }
    let version = if kind == "Component" { COMPONENT_VERSION } else { VERSION };
    if text("apiVersion").is_some_and(|written| written != version) {
        faults.push(refused(
            place("apiVersion"),
            format!("kustomize rejects this apiVersion for kind {kind}"),
            &format!("write `apiVersion: {version}`"),
        ));
    }
}

fn check_form(name: &str, form: Form, value: &Node, faults: &mut Vec<Fault>) {
    if value.is_null() {
        return;
    }
    let wrong = |what: &str, node: &Node| {
        refused(
            edit::token(node),
            format!("`{name}` must be {what}: kustomize rejects the file"),
            &format!("write {what}"),
        )
    };
    match form {
        Form::Text if value.as_str().is_none() => faults.push(wrong("a string", value)),
        Form::Map | Form::Strings if value.as_map().is_none() => {
            faults.push(wrong("a mapping", value));
        }
        Form::Strings => check_strings(name, value, faults),
        Form::Record(known) => match value.as_map() {
            Some(map) => check_keys(map, known, faults),
            None => faults.push(wrong("a mapping", value)),
        },
        Form::Texts | Form::Records(_) => {
            let Some(items) = value.as_seq() else {
                faults.push(wrong("a list", value));
                return;
            };
            for item in items.iter().filter(|item| !item.is_null()) {
                match (form, item.as_map()) {
                    (Form::Records(known), Some(map)) => {
                        check_keys(map, known, faults);
                        if let Some(pairs) = item.get("pairs").filter(|_| name == "labels") {
                            check_strings("pairs", pairs, faults);
                        }
                    }
                    (Form::Records(_), None) => faults.push(wrong("a list of mappings", item)),
                    _ if item.as_str().is_none() => faults.push(wrong("a list of strings", item)),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// Labels and annotations are strings: a value that YAML reads as another type needs quotes.
fn check_strings(name: &str, value: &Node, faults: &mut Vec<Fault>) {
    for entry in value.as_map().map_or(&[][..], |map| &map.entries) {
        if entry.value.as_str().is_none() && !entry.value.is_null() {
            let key = &entry.key;
            faults.push(refused(
                edit::token(&entry.value),
                format!("`{key}` in `{name}` is not a string: kustomize rejects the file"),
                "quote the value",
            ));
        }
    }
}

fn check_keys(map: &Map, known: &[&str], faults: &mut Vec<Fault>) {
    for entry in &map.entries {
        if !known.iter().any(|name| entry.key.eq_ignore_ascii_case(name)) {
            faults.push(unknown(&entry.key, entry.key_span, known.iter().copied()));
        }
    }
}
