//! `configMapGenerator` and `secretGenerator`: what replacements take values from, and names that
//! may not be there twice. The hash behind a name is left out: no policy speaks of it.

use super::disk::Found;
use super::edit;
use super::fault::{not_evaluated, refused, unrendered};
use super::id::text_at;
use super::layer::Maker;
use super::object::Object;
use super::reference;
use crate::bundle::{ChartCall, heads};
use crate::yaml::{Entry, Node};

impl Maker<'_> {
    /// Every generator: of ConfigMaps, of Secrets, charts, plugins.
    pub fn generate(&mut self) {
        for (key, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
            for entry in self.list(key) {
                self.generate_one(entry, kind);
            }
        }
        let home = self.tree.at(&["helmGlobals", "chartHome"]).cloned();
        for key in ["helmCharts", "helmChartInflationGenerator"] {
            for entry in self.list(key) {
                self.chart(entry, home.as_ref());
            }
        }
        for entry in self.list("generators") {
            for plugin in self.plugins(entry) {
                self.generator_plugin(&plugin);
            }
        }
    }

    fn generator_plugin(&mut self, plugin: &Node) {
        let builtin = text_at(plugin, &["apiVersion"]) == "builtin";
        match text_at(plugin, &["kind"]) {
            "ConfigMapGenerator" if builtin => self.generate_named(plugin, "ConfigMap"),
            "SecretGenerator" if builtin => self.generate_named(plugin, "Secret"),
            "HelmChartInflationGenerator" if builtin => self.chart(plugin, None),
            kind => {
                let what = format!("the generator `{kind}`");
                self.fault(not_evaluated(edit::token(plugin), &what));
                self.open(&what);
            }
        }
    }

    /// A generator in a file of its own has its name where every object has it.
    fn generate_named(&mut self, plugin: &Node, kind: &str) {
        let mut flat = plugin.clone();
        for key in ["name", "namespace"] {
            if let Some(entry) = plugin.get("metadata").and_then(|it| it.entry(key)) {
                edit::put(&mut flat, entry.clone());
            }
        }
        self.generate_one(&flat, kind);
    }

    fn generate_one(&mut self, entry: &Node, kind: &str) {
        let name = text_at(entry, &["name"]);
        let place = edit::token(entry);
        if name.is_empty() {
            self.fault(refused(
                place,
                "this generator has no `name`".to_owned(),
                "Name what it generates.",
            ));
            return;
        }
        let data = self.data(entry);
        let mut metadata = vec![edit::entry(place, "name", edit::string(place, name))];
        let namespace = text_at(entry, &["namespace"]);
        if !namespace.is_empty() {
            metadata.push(edit::entry(place, "namespace", edit::string(place, namespace)));
        }
        for key in ["labels", "annotations"] {
            let own = entry.at(&["options", key]);
            let all = self.tree.at(&["generatorOptions", key]);
            if let Some(map) = own.or(all) {
                metadata.push(edit::entry(map.span, key, map.clone()));
            }
        }
        let tree = edit::map(
            place,
            vec![
                edit::entry(place, "apiVersion", edit::string(place, "v1")),
                edit::entry(place, "kind", edit::string(place, kind)),
                edit::entry(place, "metadata", edit::map(place, metadata)),
                edit::entry(place, "data", edit::map(place, data)),
            ],
        );
        let Some((head, tree)) = heads(&tree).into_iter().next() else { return };
        self.put_generated(entry, Object::new(head, tree));
    }

    /// Adds it, or joins it with what is there, as `behavior` says.
    fn put_generated(&mut self, entry: &Node, mut object: Object) {
        let id = object.id();
        let place = edit::token(entry);
        let behavior = text_at(entry, &["behavior"]);
        let found = self.layer.objects.iter_mut().find(|it| it.ids().any(|known| known == id));
        let Some(there) = found else {
            if matches!(behavior, "merge" | "replace") {
                self.fault(refused(
                    place,
                    format!("there is no {} to {behavior}", id.words()),
                    "Remove `behavior`, or correct the name.",
                ));
                return;
            }
            self.append(place, vec![object]);
            return;
        };
        if !matches!(behavior, "merge" | "replace") {
            let mut fault = refused(
                place,
                format!("this generates {} a second time", id.words()),
                "Set `behavior` to `merge` or `replace`, or give it another name.",
            );
            fault.related.push((there.head.kind_span, "the first one".to_owned()));
            self.fault(fault);
            return;
        }
        if behavior == "merge" {
            let mut data = there.tree.get("data").cloned().unwrap_or(edit::empty_map(place));
            let new = object.tree.get("data").and_then(Node::as_map);
            for entry in new.map_or(&[][..], |map| &map.entries) {
                edit::put(&mut data, entry.clone());
            }
            edit::put(&mut object.tree, edit::entry(place, "data", data));
        }
        if let Some(metadata) = there.tree.get("metadata") {
            edit::put(&mut object.tree, edit::entry(place, "metadata", metadata.clone()));
        }
        there.tree = object.tree;
    }

    /// The entries of `literals`, `files` and `envs`.
    fn data(&mut self, entry: &Node) -> Vec<Entry> {
        let list = |key: &str| entry.get(key).and_then(Node::as_seq).unwrap_or_default();
        let mut data = Vec::new();
        for literal in list("literals") {
            let Some((key, value)) = literal.as_str().and_then(|text| text.split_once('=')) else {
                self.fault(refused(
                    literal.span,
                    "a literal is written `key=value`".to_owned(),
                    "Add the `=`.",
                ));
                continue;
            };
            let value = unquoted(value);
            data.push(edit::entry(literal.span, key, edit::string(literal.span, value)));
        }
        for file in list("files") {
            let Some(text) = file.as_str() else { continue };
            let (key, path) = match text.split_once('=') {
                Some(both) => both,
                None => (text.rsplit('/').next().unwrap_or(text), text),
            };
            if let Some(content) = self.content(file, path) {
                data.push(edit::entry(file.span, key, edit::string(file.span, content.as_str())));
            }
        }
        let env = entry.get("env").filter(|env| env.as_str().is_some_and(|it| !it.is_empty()));
        for file in list("envs").iter().chain(env) {
            let Some(content) = file.as_str().and_then(|path| self.content(file, path)) else {
                continue;
            };
            for line in content.lines().map(str::trim_start) {
                if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#'))
                {
                    data.push(edit::entry(file.span, key, edit::string(file.span, value)));
                }
            }
        }
        data
    }

    fn content(&mut self, entry: &Node, path: &str) -> Option<String> {
        let Some(Found::File(file)) = self.locate(entry, path) else {
            return None;
        };
        let page = self.library.page(&file)?;
        Some(page.text.as_deref().unwrap_or_default().to_owned())
    }

    /// A chart that this kustomization renders.
    fn chart(&mut self, entry: &Node, home: Option<&Node>) {
        let text = |keys: &[&str]| {
            let found = keys.iter().map(|key| text_at(entry, &[key])).find(|text| !text.is_empty());
            found.map(str::to_owned)
        };
        let name = text(&["name", "chartName"]).unwrap_or_default();
        let place = edit::token(entry);
        self.fault(unrendered(place, &name));
        self.open(&format!("chart {name}"));
        let home = text(&["chartHome"]).or(home.and_then(Node::as_str).map(str::to_owned));
        let list = entry.get("additionalValuesFiles").and_then(Node::as_seq).unwrap_or_default();
        let more = list.iter().filter_map(Node::as_str).map(str::to_owned);
        let paths = text(&["valuesFile", "values"]).into_iter().chain(more);
        let call = ChartCall {
            place,
            directory: self.directory.to_owned(),
            home: reference::join(self.directory, home.as_deref().unwrap_or("charts")),
            remote: text(&["repo", "chartRepoUrl"]),
            release: text(&["releaseName"]),
            namespace: text(&["namespace", "releaseNamespace"]),
            values: paths.filter_map(|path| reference::join(self.directory, &path)).collect(),
            inline_values: entry.get("valuesInline").or(entry.get("valuesLocal")).cloned(),
            name,
        };
        if !self.layer.charts.contains(&call) {
            self.layer.charts.push(call);
        }
    }
}

/// A literal may stand in quotes.
fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote).and_then(|it| it.strip_suffix(quote));
    inner('"').or(inner('\'')).unwrap_or(value)
}
