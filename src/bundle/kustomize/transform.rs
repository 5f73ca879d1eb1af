//! The transformers of a kustomization in their order, and those in files of their own
//! (`transformers`).

use super::disk::Found;
use super::edit;
use super::fault::{not_evaluated, refused};
use super::field_spec::FieldSpec;
use super::id::text_at;
use super::id::{Part, Sought};
use super::inline;
use super::layer;
use super::maker::Maker;
use super::naming::Namespace;
use super::reference;
use crate::bundle::Writer;
use crate::yaml::Node;

impl Maker<'_> {
    /// Everything that changes what was collected (`configureBuiltinTransformers`).
    pub fn transform(&mut self) {
        self.strategic_patches();
        self.patches("patches");
        self.namespace();
        self.names();
        self.labels();
        self.annotations();
        self.patches("patchesJson6902");
        self.replicas();
        self.replacements(self.list("replacements"));
        for entry in self.list("transformers") {
            for plugin in self.plugins(entry) {
                self.transformer(&plugin);
            }
        }
        for entry in self.list("validators") {
            for plugin in self.plugins(entry) {
                let what = format!("the validator `{}`", text_at(&plugin, &["kind"]));
                self.fault(not_evaluated(edit::token(&plugin), &what));
            }
        }
    }

    /// `replicas` change nothing that a policy depends on, but name something that must exist.
    fn replicas(&mut self) {
        for entry in self.list("replicas") {
            let name = text_at(entry, &["name"]);
            let scaled = ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"];
            let sought = Sought { name: Part::word(name), ..Sought::default() };
            let found = self.layer.objects.candidates(sought).into_iter().any(|at| {
                self.layer.objects.get(at).is_some_and(|object| {
                    object.ids().any(|id| id.name == name && scaled.contains(&id.kind.as_str()))
                })
            });
            if !found {
                self.fault(refused(
                    edit::token(entry),
                    format!("no object named `{name}` has replicas: kustomize rejects this entry"),
                    "fix the name, or remove the entry",
                ));
            }
        }
    }

    /// The plugins in an entry of `transformers`, `generators` or `validators`, inline or in a
    /// file.
    pub fn plugins(&mut self, entry: &Node) -> Vec<Node> {
        let Some(text) = entry.as_str() else { return Vec::new() };
        if reference::is_inline(text) {
            let read = inline::documents(&self.text_of(entry), entry, &self.library.disk.limits);
            return read.unwrap_or_else(|problem| {
                let message = format!("this is not valid YAML: {}", layer::words(&problem.kind));
                self.fault(refused(problem.span, message, "fix the YAML here"));
                Vec::new()
            });
        }
        match self.locate(entry, text) {
            Some(Found::File(path)) => {
                let page = self.page(entry, &path);
                page.map(|page| page.documents).unwrap_or_default()
            }
            Some(Found::Directory(path)) => {
                let Some(made) = self.directory_of(entry, text, &path, false) else {
                    return Vec::new();
                };
                self.absorb(made);
                let mut made = made.clone();
                for at in 0..made.objects.len() {
                    made.complete(at, &self.library.disk);
                }
                made.objects.into_iter().map(|object| object.tree).collect()
            }
            _ => Vec::new(),
        }
    }

    fn transformer(&mut self, plugin: &Node) {
        let kind = text_at(plugin, &["kind"]);
        let known = text_at(plugin, &["apiVersion"]) == "builtin" && self.builtin(plugin, kind);
        if !known {
            let what = format!("the transformer `{kind}`");
            self.fault(not_evaluated(edit::token(plugin), &what));
            self.open(&what);
        }
    }

    /// One of kustomize's own transformers; false for one that is not evaluated.
    fn builtin(&mut self, plugin: &Node, kind: &str) -> bool {
        let specs = FieldSpec::read_all(plugin.get("fieldSpecs"));
        match kind {
            "LabelTransformer" => {
                if let Some(pairs) = plugin.get("labels") {
                    let beyond = specs.iter().any(|spec| spec.path != ["metadata", "labels"]);
                    let writer = if beyond { Writer::CommonLabels } else { Writer::Labels };
                    self.set_all(pairs, specs, Some(writer));
                }
            }
            "AnnotationsTransformer" => {
                if let Some(pairs) = plugin.get("annotations") {
                    self.set_all(pairs, specs, None);
                }
            }
            "NamespaceTransformer" => self.namespace_transformer(plugin),
            "PrefixTransformer" | "SuffixTransformer" => {
                let prefix = kind == "PrefixTransformer";
                let named = specs.iter().any(|spec| spec.path == ["metadata", "name"]);
                let key = if prefix { "prefix" } else { "suffix" };
                if let Some(affix) = plugin.get(key).filter(|_| named) {
                    self.affix(affix, prefix, &specs.into_iter().collect());
                }
            }
            "PatchTransformer" => {
                if let Some(patch) = self.patch(plugin, "patch") {
                    self.make_patch(&patch, true);
                }
            }
            "PatchJson6902Transformer" => {
                if let Some(patch) = self.patch(plugin, "jsonOp") {
                    self.make_patch(&patch, false);
                }
            }
            "PatchStrategicMergeTransformer" => {
                let paths = plugin.get("paths").and_then(Node::as_seq).unwrap_or_default();
                paths.iter().chain(plugin.get("patches")).for_each(|it| self.strategic_patch(it));
            }
            "ReplacementTransformer" => {
                let entries = plugin.get("replacements").and_then(Node::as_seq);
                self.replacements(entries.unwrap_or_default());
            }
            "ImageTagTransformer" | "ReplicaCountTransformer" | "HashTransformer" => {}
            _ => return false,
        }
        true
    }

    fn namespace_transformer(&mut self, plugin: &Node) {
        let entry = plugin.get("metadata").and_then(|metadata| metadata.entry("namespace"));
        let Some((entry, name)) = entry.and_then(|it| Some((it, it.value.as_str()?))) else {
            return;
        };
        let unset = plugin.get("unsetOnly").and_then(Node::as_scalar);
        let unset_only = unset.is_some_and(|scalar| scalar.text == "true");
        // A custom transformer changes the fields that it lists, and `metadata.namespace`.
        let given = FieldSpec::read_all(plugin.get("fieldSpecs")).into_iter().collect();
        let usual = std::mem::replace(&mut self.layer.specs.namespace, given);
        let (key_span, span) = (entry.key_span, entry.value.span);
        self.set_namespace(&Namespace { name, key_span, span, unset_only });
        self.layer.specs.namespace = usual;
    }
}
