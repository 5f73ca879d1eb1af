//! `helmCharts`: charts that a kustomization renders. [`crate::bundle::helm`] renders those in the
//! repository; remote ones are not downloaded.

use super::edit;
use super::fault::{remote, unrendered};
use super::id::text_at;
use super::maker::Maker;
use super::object::Object;
use crate::bundle::{ChartCall, Manifest, path};
use crate::yaml::Node;

/// The charts that a kustomization renders.
pub(super) fn calls(directory: &str, tree: &Node) -> Vec<ChartCall> {
    let home = tree.at(&["helmGlobals", "chartHome"]);
    let lists = ["helmCharts", "helmChartInflationGenerator"].into_iter();
    let entries = lists.flat_map(|key| tree.get(key).and_then(Node::as_seq).unwrap_or_default());
    entries.map(|entry| call(directory, entry, home)).collect()
}

/// One chart. By default kustomize looks for charts below `charts/` (api/types/helmchartargs.go).
pub(super) fn call(directory: &str, entry: &Node, home: Option<&Node>) -> ChartCall {
    let text = |keys: &[&str]| {
        let found = keys.iter().map(|key| text_at(entry, &[key])).find(|text| !text.is_empty());
        found.map(str::to_owned)
    };
    let home = text(&["chartHome"]).or(home.and_then(Node::as_str).map(str::to_owned));
    let list = entry.get("additionalValuesFiles").and_then(Node::as_seq).unwrap_or_default();
    let more = list.iter().filter_map(Node::as_str).map(str::to_owned);
    let paths = text(&["valuesFile", "values"]).into_iter().chain(more);
    ChartCall {
        place: edit::token(entry),
        directory: directory.to_owned(),
        name: text(&["name", "chartName"]).unwrap_or_default(),
        home: path::join(directory, home.as_deref().unwrap_or("charts")),
        remote: text(&["repo", "chartRepoUrl"]),
        release: text(&["releaseName"]),
        release_place: entry.get("releaseName").map(|name| name.span),
        namespace: text(&["namespace", "releaseNamespace"]),
        values: paths.filter_map(|path| path::join(directory, &path)).collect(),
        inline_values: entry.get("valuesInline").or(entry.get("valuesLocal")).cloned(),
    }
}

impl Maker<'_> {
    /// Adds the objects of a chart, if it was rendered.
    pub fn chart(&mut self, call: ChartCall) {
        let Some(built) = self.library.rendered.get(&call.place) else {
            let fault = match &call.remote {
                Some(url) => remote(call.place, url),
                None => unrendered(call.place, &call.name),
            };
            self.fault(fault);
            return self.open(&format!("chart {}", call.name));
        };
        let object =
            |manifest: &Manifest| Object::new(manifest.head.clone(), manifest.tree.clone());
        let objects: Vec<Object> = built.manifests.iter().map(object).collect();
        self.append(call.place, objects);
        built.faults.iter().for_each(|fault| self.fault(fault.clone()));
        self.layer.openings.extend(built.openings.iter().cloned());
        self.layer.files.extend(&built.files);
    }
}
