//! `configMapGenerator` and `secretGenerator`: sources of replacements, and names that must be
//! unique. The hash suffix of a name is left out: no policy depends on it.

use super::charts;
use super::disk::Found;
use super::edit;
use super::fault::{not_evaluated, refused};
use super::id::text_at;
use super::maker::Maker;
use super::object::Object;
use crate::bundle::{Fault, FaultKind, heads, path};
use crate::yaml::{Entry, Node};

impl Maker<'_> {
    /// Every generator: of ConfigMaps, of Secrets, charts, plugins.
    pub fn generate(&mut self) {
        for (key, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
            for entry in self.list(key) {
                self.generate_one(entry, kind);
            }
        }
        for call in charts::calls(self.directory, self.tree) {
            self.chart(call);
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
            "HelmChartInflationGenerator" if builtin => {
                self.chart(charts::call(self.directory, plugin, None));
            }
            kind => {
                let what = format!("the generator `{kind}`");
                self.fault(not_evaluated(edit::token(plugin), &what));
                self.open(&what);
            }
        }
    }

    /// A generator in a file of its own has its name in `metadata`, as every object does.
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
                "add a name for the object that it generates",
            ));
            return;
        }
        let (data, is_whole) = self.data(entry);
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
        let mut object = Object::new(head, tree);
        object.has_more_data = !is_whole;
        // kustomize records how it was generated in annotations of its own.
        object.remember();
        self.put_generated(entry, object);
    }

    /// Adds it, or merges it with an existing one, as `behavior` says.
    fn put_generated(&mut self, entry: &Node, mut object: Object) {
        let id = object.id().clone();
        let place = edit::token(entry);
        let behavior = text_at(entry, &["behavior"]);
        let found = self.layer.objects.candidates(id.sought()).into_iter().find_map(|at| {
            let there = self.layer.objects.get(at)?;
            there.ids().any(|known| known == id).then_some((at, there))
        });
        let Some((at, there)) = found else {
            if matches!(behavior, "merge" | "replace") && self.layer.openings.is_empty() {
                self.fault(refused(
                    place,
                    format!("there is no {} to {behavior}", id.words()),
                    "remove `behavior`, or correct the name",
                ));
                return;
            }
            // It may exist in what is not read.
            object.has_more_data |= matches!(behavior, "merge" | "replace");
            self.append(place, vec![object]);
            return;
        };
        if !matches!(behavior, "merge" | "replace") {
            let mut fault = refused(
                place,
                format!("{} is generated twice", id.words()),
                "set `behavior` to `merge` or `replace`, or give it another name",
            );
            fault.related.push((there.head.kind_span, "the first one".to_owned()));
            self.fault(fault);
            return;
        }
        if behavior == "merge" {
            self.layer.complete(at, &self.library.disk);
        }
        let Some(there) = self.layer.objects.get(at) else { return };
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
        self.layer.objects.change(at, |there| {
            there.rest = None;
            there.keys.forget();
            there.tree = object.tree;
            there.has_more_data |= object.has_more_data;
        });
    }

    /// The entries of `literals`, `files` and `envs`, and whether they are complete.
    fn data(&mut self, entry: &Node) -> (Vec<Entry>, bool) {
        let mut is_whole = true;
        let list = |key: &str| entry.get(key).and_then(Node::as_seq).unwrap_or_default();
        let mut data = Vec::new();
        for literal in list("literals") {
            let Some((key, value)) = literal.as_str().and_then(|text| text.split_once('=')) else {
                self.fault(refused(
                    literal.span,
                    "a literal must be `key=value`".to_owned(),
                    "add the `=`",
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
            let content = self.content(file, path);
            is_whole &= content.is_some();
            if let Some(content) = content {
                data.push(edit::entry(file.span, key, edit::string(file.span, content.as_str())));
            }
        }
        let env = entry.get("env").filter(|env| env.as_str().is_some_and(|it| !it.is_empty()));
        for file in list("envs").iter().chain(env) {
            let Some(content) = file.as_str().and_then(|path| self.content(file, path)) else {
                is_whole = false;
                continue;
            };
            for line in content.lines().map(str::trim_start) {
                if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#'))
                {
                    data.push(edit::entry(file.span, key, edit::string(file.span, value)));
                }
            }
        }
        (data, is_whole)
    }

    /// The text of a file. Secrets are kept out of repositories, and other files are written by a
    /// step before the build: a missing one matters to no policy.
    fn content(&mut self, entry: &Node, path: &str) -> Option<String> {
        let found = path::join(self.directory, path).map(|path| self.library.find(&path));
        if let Some(Found::Missing) = found {
            let message = format!("there is no file `{path}`: `kustomize build` fails without it");
            let help = "ignore this if another step writes the file before the build";
            self.fault(Fault { kind: FaultKind::Absent, ..refused(entry.span, message, help) });
            return None;
        }
        let file = self.locate_file(entry, path)?;
        let page = self.library.page(&file)?;
        Some(page.text.as_deref().unwrap_or_default().to_owned())
    }
}

/// A literal may be quoted.
fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote).and_then(|it| it.strip_suffix(quote));
    inner('"').or(inner('\'')).unwrap_or(value)
}
