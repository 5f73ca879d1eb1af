//! The data of templates: `.Values`, `.Chart`, `.Release` and so on.

use std::rc::Rc;
use std::sync::Arc;

use super::capabilities::{Capabilities, field, object};
use super::chart::{Enabled, Loaded, text as text_of};
use super::template::{Data, Files, ItemKind, List, Map, MapKind, Object, Origin, Value, value_of};
use crate::yaml::Node;

/// The name and namespace of a release.
#[derive(Clone, Copy, Debug)]
pub(super) struct Release<'a> {
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
}

/// A chart with the data of its templates.
pub(super) struct Scope<'l> {
    /// Its path in helm: `shop/charts/db`.
    pub(super) path: String,
    pub(super) chart: &'l Loaded,
    pub(super) data: Map,
}

/// The data of all charts of a rendering, the chart itself first.
pub(super) fn scopes<'l>(
    chart: &Enabled<'l>,
    values: &Map,
    release: Release<'_>,
    capabilities: &Capabilities,
) -> Vec<Scope<'l>> {
    let shared = Map::new(MapKind::Any);
    shared.set("Release", release_of(release));
    shared.set("Capabilities", capabilities.value());
    let mut all = Vec::new();
    collect(chart, &chart.name, values, &shared, true, &mut all);
    all
}

fn collect<'l>(
    chart: &Enabled<'l>,
    path: &str,
    values: &Map,
    shared: &Map,
    is_root: bool,
    all: &mut Vec<Scope<'l>>,
) -> Map {
    let data = Map::new(MapKind::Any);
    for (key, slot) in shared.entries() {
        data.insert(key, slot);
    }
    data.set("Values", values.seen_as(MapKind::Values).into());
    data.set("Chart", chart_of(chart, is_root));
    data.set("Files", Data::Object(Object::Files(Rc::new(files(chart.chart)))).into());
    let at = all.len();
    all.push(Scope { path: path.to_owned(), chart: chart.chart, data: data.clone() });
    let parts = Map::new(MapKind::Any);
    for part in &chart.parts {
        let own = match values.get(&part.name) {
            Some(Value { data: Data::Map(map), .. }) => map,
            _ => Map::new(MapKind::Values),
        };
        let inner = format!("{path}/charts/{}", part.name);
        parts.set(&part.name, collect(part, &inner, &own, shared, false, all).into());
    }
    data.set("Subcharts", parts.into());
    if let Some(scope) = all.get_mut(at) {
        scope.data = data.clone();
    }
    data
}

fn release_of(release: Release<'_>) -> Value {
    let map = Map::new(MapKind::Any);
    map.set("Name", release.name.into());
    map.set("Namespace", release.namespace.into());
    map.set("IsInstall", true.into());
    map.set("IsUpgrade", false.into());
    map.set("Revision", Value::int(1));
    map.set("Service", "Helm".into());
    map.into()
}

fn files(chart: &Loaded) -> Files {
    let file = |file: &super::chart::File| {
        (file.name.clone(), Rc::<[u8]>::from(&*Arc::clone(&file.bytes)))
    };
    chart.others.iter().map(file).collect()
}

/// `.Chart`
fn chart_of(chart: &Enabled<'_>, is_root: bool) -> Value {
    let tree = chart.chart.metadata.tree.as_ref();
    let get = |key: &str| tree.and_then(|tree| tree.get(key));
    let text = |key: &str| -> Value {
        tree.and_then(|tree| text_of(tree, key)).unwrap_or_default().into()
    };
    let list = |key: &str| -> Value {
        let items = get(key).and_then(Node::as_seq).unwrap_or_default();
        let items = items.iter().map(|item| value_of(item, &mut |_| Origin::NONE)).collect();
        let list = List::new(items, ItemKind::Any);
        list.map_or(Value::nil(), |list| Data::List(list).into())
    };
    let annotations = Map::new(MapKind::Strings);
    if let Some(map) = get("annotations").and_then(Node::as_map) {
        for entry in &map.entries {
            let tree = get("annotations");
            let text = tree.and_then(|tree| text_of(tree, &entry.key)).unwrap_or_default();
            annotations.set(&entry.key, text.into());
        }
    }
    let is_deprecated = text("deprecated").as_text().is_some_and(|text| &**text == "true");
    let mut api_version = text("apiVersion");
    if !api_version.is_true() {
        api_version = "v1".into();
    }
    let fields = vec![
        field("Name", "name", chart.name.as_str().into()),
        field("Home", "home", text("home")),
        field("Sources", "sources", list("sources")),
        field("Version", "version", text("version")),
        field("Description", "description", text("description")),
        field("Keywords", "keywords", list("keywords")),
        field("Maintainers", "maintainers", people(get("maintainers"))),
        field("Icon", "icon", text("icon")),
        field("APIVersion", "apiVersion", api_version),
        field("Condition", "condition", text("condition")),
        field("Tags", "tags", text("tags")),
        field("AppVersion", "appVersion", text("appVersion")),
        field("Deprecated", "deprecated", is_deprecated.into()),
        field("Annotations", "annotations", annotations.into()),
        field("KubeVersion", "kubeVersion", text("kubeVersion")),
        field("Dependencies", "dependencies", list("dependencies")),
        field("Type", "type", text("type")),
        field("IsRoot", "IsRoot", is_root.into()),
    ];
    object("struct { chart.Metadata; IsRoot bool }", fields, None)
}

fn people(all: Option<&Node>) -> Value {
    let person = |node: &Node| {
        let text = |key: &str| -> Value { text_of(node, key).unwrap_or_default().into() };
        let fields = vec![
            field("Name", "name", text("name")),
            field("Email", "email", text("email")),
            field("URL", "url", text("url")),
        ];
        object("*chart.Maintainer", fields, None)
    };
    let items = all.and_then(Node::as_seq).unwrap_or_default().iter().map(person).collect();
    List::new(items, ItemKind::Any).map_or(Value::nil(), |list| Data::List(list).into())
}
