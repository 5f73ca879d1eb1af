//! The transformers that write the same everywhere: namespace, names and labels.

use compact_str::CompactString;

use crate::bundle::Writer;
use crate::text::Span;
use crate::yaml::{Entry, Node, ScalarKind};

use super::fields::{self, FieldSpec};
use super::layer::Layer;
use super::{edit, kustomization, resource};

/// `namespace`: overwrites the namespaces that are written, and renames Namespace objects
/// (api/filters/namespace). `unset_only` is for `NamespaceTransformer` alone.
pub(super) fn namespace(layer: &mut Layer, written: &Entry, unset_only: bool) {
    let Some(name) = edit::text(&written.value).filter(|name| !name.is_empty()) else { return };
    let value = edit::string(name, written.value.span);
    for resource in &mut layer.resources {
        let id = resource.id();
        resource.remember();
        if id.kind == "Namespace" && id.group.is_empty() && id.version == "v1" {
            put(resource, "name", written.key_span, &value, Writer::Namespace, unset_only);
        } else if !id.is_cluster_scoped() {
            put(resource, "namespace", written.key_span, &value, Writer::Namespace, unset_only);
        }
    }
    clashes(layer, written.value.span);
}

/// Two objects that have become one.
fn clashes(layer: &mut Layer, place: Span) {
    let mut ids: Vec<(resource::Id, usize)> =
        layer.resources.iter().enumerate().map(|(at, resource)| (resource.id(), at)).collect();
    for (id, _) in &mut ids {
        id.namespace = CompactString::new(id.effective_namespace());
    }
    ids.sort();
    let twice: Vec<(usize, usize)> = ids
        .windows(2)
        .filter(|pair| pair[0].0 == pair[1].0)
        .map(|pair| (pair[0].1, pair[1].1))
        .collect();
    for (first, second) in twice {
        let [first, second] = [first, second].map(|at| layer.resources[at].born.name_span);
        let name = layer.resources[twice_name(layer, second)].id().words();
        let message = format!("with this namespace, two objects become {name}");
        let help = "rename one of them, or build them apart";
        let fault = layer.refuse(place, message, help);
        fault.related.push((first, "one stands here".to_owned()));
        fault.related.push((second, "the other stands here".to_owned()));
    }
}

fn twice_name(layer: &Layer, born: Span) -> usize {
    layer.resources.iter().position(|resource| resource.born.name_span == born).unwrap_or_default()
}

/// Writes an entry of `metadata`.
fn put(
    resource: &mut resource::Resource,
    key: &str,
    key_span: Span,
    value: &Node,
    writer: Writer,
    unset_only: bool,
) {
    let place = value.span;
    if resource.tree.get("metadata").is_none_or(Node::is_null)
        && let Some(map) = edit::map_mut(&mut resource.tree)
    {
        edit::set(map, edit::entry("metadata", place, edit::mapping(Vec::new(), place)));
    }
    let Some(metadata) = edit::get_mut(&mut resource.tree, "metadata") else { return };
    let Some(map) = edit::map_mut(metadata) else { return };
    if unset_only && map.entry(key).and_then(|entry| edit::text(&entry.value)).is_some() {
        return;
    }
    let new = edit::entry(key, key_span, value.clone());
    let before = edit::set(map, new.clone());
    resource.note(resource::write("metadata", &new, writer, before));
}

/// `namePrefix` and `nameSuffix`: every name but those of Namespaces, CustomResourceDefinitions
/// and APIServices, and no label and no selector (builtins/PrefixTransformer.go).
pub(super) fn names(layer: &mut Layer, written: &Entry, is_prefix: bool) {
    let Some(added) = edit::text(&written.value).filter(|text| !text.is_empty()) else { return };
    for resource in &mut layer.resources {
        let id = resource.original_id();
        let kept = matches!(id.kind.as_str(), "Namespace" | "CustomResourceDefinition")
            || (id.kind == "APIService" && id.group == "apiregistration.k8s.io");
        if kept {
            continue;
        }
        let now = resource.id().name;
        resource.remember();
        let name = if is_prefix { format!("{added}{now}") } else { format!("{now}{added}") };
        let value = edit::string(&name, written.value.span);
        put(resource, "name", written.key_span, &value, Writer::Name, false);
    }
}

/// `labels`, in their order, then `commonLabels`, which win.
pub(super) fn labels(layer: &mut Layer, tree: &Node) {
    for item in kustomization::items(tree, "labels") {
        let selectors = kustomization::is_true(item, "includeSelectors");
        let mut specs = fields::read(item.get("fields"));
        specs.extend(layer.configured.labels.iter().cloned());
        if selectors {
            specs.extend(fields::common_labels());
            specs.extend(layer.configured.common_labels.iter().cloned());
        } else {
            if kustomization::is_true(item, "includeTemplates") {
                specs.extend(fields::template_labels());
                specs.extend(layer.configured.template_labels.iter().cloned());
            }
            specs.extend(fields::metadata_labels());
        }
        let writer = if selectors { Writer::CommonLabels } else { Writer::Labels };
        write(layer, kustomization::field(item, "pairs"), &specs, writer);
    }
    let mut specs = fields::common_labels();
    specs.extend(layer.configured.common_labels.iter().cloned());
    let common = kustomization::field(tree, "commonLabels");
    write(layer, common, &specs, Writer::CommonLabels);
}

/// Writes labels to all places that `specs` name.
pub(super) fn write(layer: &mut Layer, pairs: Option<&Node>, specs: &[FieldSpec], writer: Writer) {
    let Some(pairs) = pairs.filter(|node| !node.is_null()) else { return };
    let Some(map) = pairs.as_map() else {
        let message = "labels are a mapping of names to values".to_owned();
        layer.refuse(pairs.span.at_start(), message, "write `name: value`");
        return;
    };
    let mut given: Vec<Entry> = Vec::new();
    for entry in &map.entries {
        let scalar = entry.value.as_scalar();
        match scalar.map(|scalar| (scalar.kind, &scalar.text)) {
            Some((ScalarKind::Str, text)) => {
                let value = edit::string(text, entry.value.span);
                given.push(Entry { value, ..entry.clone() });
            }
            _ => {
                let key = crate::text::visible(&entry.key).into_owned();
                let message = format!("the value of label `{key}` is no string");
                layer.refuse(edit::first_line(&entry.value), message, "put it in quotes");
            }
        }
    }
    let Some(place) = given.first().map(|entry| entry.key_span) else { return };
    for resource in &mut layer.resources {
        let id = resource.id();
        let noted = resource.is_noted();
        let mut writes = Vec::new();
        for spec in specs.iter().filter(|spec| spec.is_for(&id)) {
            spec.visit(&mut resource.tree, place, &mut |target, at| {
                let Some(map) = edit::map_mut(target) else { return };
                for new in &given {
                    let before = edit::set(map, new.clone());
                    if noted {
                        writes.push(resource::write(at, new, writer, before));
                    }
                }
            });
        }
        // Labels stand in `metadata.labels` and in selectors: the same place is named once.
        writes.into_iter().for_each(|write| resource.note(write));
    }
}
