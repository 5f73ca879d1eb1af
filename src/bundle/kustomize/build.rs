//! One kustomization after the other: what it refers to, then its transformers in kustomize's own
//! order (api/internal/target/kusttarget.go).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::bundle::{Built, FaultKind, heads, path_from};
use crate::text::Span;
use crate::yaml::{Entry, Limits, Node};

use super::files::{self, Files, Found};
use super::layer::Layer;
use super::patch::Patches;
use super::resource::Resource;
use super::{charts, edit, fields, inline, kustomization, replacement, transform};

/// Builds kustomizations; a base is built once for all of its overlays.
#[derive(Debug)]
pub(super) struct Builder<'a> {
    pub(super) files: &'a Files,
    pub(super) limits: &'a Limits,
    /// What charts make, by where they are asked for.
    pub(super) rendered: &'a HashMap<Span, Built>,
    pub(super) done: &'a Mutex<HashMap<String, Arc<Layer>>>,
}

/// Kustomizations that are being built: each refers to the next.
pub(super) type Stack = Vec<String>;

/// The most kustomizations that refer to one another in a row.
const DEEPEST: usize = 64;

/// What a kustomization is, beside its fields.
#[derive(Clone, Copy)]
struct Site<'k> {
    /// Its directory, which its references start from.
    directory: &'k str,
    /// The text that it is written in.
    text: &'k str,
    /// Whether a directory without a kustomization stands for all manifests below it.
    is_deployed: bool,
}

impl Builder<'_> {
    /// What the kustomization of a directory makes.
    pub(super) fn directory(&self, directory: &str, stack: &mut Stack) -> Arc<Layer> {
        let locked = |done: &Mutex<HashMap<String, Arc<Layer>>>| {
            done.lock().unwrap_or_else(PoisonError::into_inner).get(directory).cloned()
        };
        if let Some(known) = locked(self.done) {
            return known;
        }
        let mut layer = Layer::default();
        stack.push(directory.to_owned());
        self.read(directory, &mut layer, stack);
        stack.pop();
        let layer = Arc::new(layer);
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(done.entry(directory.to_owned()).or_insert(layer))
    }

    /// Reads the kustomization of a directory into `layer`: one of its own, or that of whoever
    /// includes it, for a component.
    fn read(&self, directory: &str, layer: &mut Layer, stack: &mut Stack) {
        let paths = self.files.kustomizations(directory);
        if let [first, second, ..] = paths
            && let Some(file) = self.files.get(second)
        {
            let message = format!("`{}` stands beside this one", crate::text::visible(first));
            let place = Span::new(file.source, 0, 0);
            layer.refuse(place, message, "keep one: kustomize refuses two");
        }
        let Some(file) = paths.first().and_then(|path| self.files.get(path)) else { return };
        layer.used.insert(file.source);
        let Some(root) = files::roots(file).next() else {
            // What is no YAML is told by its own finding.
            if file.stream.problems.is_empty() {
                let place = Span::new(file.source, 0, 0);
                layer.refuse(
                    place,
                    "this kustomization is empty".to_owned(),
                    "write `resources:`, or take it out",
                );
            }
            layer.open(paths.first().map_or("", String::as_str));
            return;
        };
        let site = Site { directory, text: &file.text, is_deployed: false };
        self.kustomization(root, site, layer, stack);
    }

    /// A kustomization that is no file, but part of an object that deploys a directory.
    pub(super) fn deployed(&self, tree: &Node, layer: &mut Layer) {
        let site = Site { directory: "", text: "", is_deployed: true };
        self.kustomization(tree, site, layer, &mut Stack::new());
    }

    fn kustomization(&self, tree: &Node, site: Site<'_>, layer: &mut Layer, stack: &mut Stack) {
        for (place, message) in kustomization::faults(tree) {
            layer.refuse(place, message, "mend it: kustomize refuses the whole kustomization");
        }
        for field in ["resources", "bases"] {
            for item in kustomization::items(tree, field) {
                self.resource(item, site, layer, stack);
            }
        }
        self.configurations(tree, site, layer);
        self.generators(tree, site, layer);
        self.charts(tree, layer);
        for item in kustomization::items(tree, "components") {
            self.component(item, site, layer, stack);
        }
        self.transformers(tree, site, layer);
        self.plugins(tree, site, layer);
    }

    /// The transformers of a kustomization's own fields. Patches see the objects before this
    /// layer's labels, `patchesJson6902` after them.
    fn transformers(&self, tree: &Node, site: Site<'_>, layer: &mut Layer) {
        let patches = self.patches(site);
        patches.strategic_merge(layer, tree);
        patches.targeted(layer, tree, "patches");
        let entry = |name: &str| {
            let entries = tree.as_map().map(|map| map.entries.as_slice()).unwrap_or_default();
            entries.iter().rev().find(|entry| entry.key.eq_ignore_ascii_case(name))
        };
        if let Some(written) = entry("namespace") {
            transform::namespace(layer, written, false);
        }
        if let Some(written) = entry("namePrefix") {
            transform::names(layer, written, true);
        }
        if let Some(written) = entry("nameSuffix") {
            transform::names(layer, written, false);
        }
        transform::labels(layer, tree);
        patches.targeted(layer, tree, "patchesJson6902");
        self.replicas(tree, layer);
        for item in kustomization::items(tree, "replacements") {
            self.replacement(item, site, layer);
        }
    }

    fn patches<'p>(&'p self, site: Site<'p>) -> Patches<'p> {
        Patches {
            files: self.files,
            limits: self.limits,
            directory: site.directory,
            text: site.text,
        }
    }

    /// One item of `resources`: a file, a directory, or what is not fetched.
    fn resource(&self, item: &Node, site: Site<'_>, layer: &mut Layer, stack: &mut Stack) {
        let Some(text) = edit::text(item) else {
            let message = "a resource is the path of a file or a directory".to_owned();
            layer.refuse(edit::first_line(item), message, "write a path");
            return;
        };
        let shown = crate::text::visible(text).into_owned();
        match self.files.look(site.directory, text) {
            Found::File(path) => self.manifests(&path, item, layer),
            Found::Directory(directory) if !self.files.kustomizations(&directory).is_empty() => {
                self.base(&directory, item, layer, stack);
            }
            Found::Directory(directory) if site.is_deployed => {
                self.below(&directory, item, layer, stack);
            }
            Found::Directory(_) => {
                let message = format!("there is no kustomization in `{shown}`");
                let help = "write a kustomization.yaml there, or list its files here";
                layer.refuse(item.span, message, help);
                layer.open(text);
            }
            Found::Remote => self.remote(item, text, layer),
            Found::Outside => self.outside(item, &shown, layer),
            Found::Nothing(_) => {
                let message = format!("there is no file or directory `{shown}`");
                let help = "create it, or mend the path (it is relative to the kustomization)";
                layer.refuse(item.span, message, help);
                layer.open(text);
            }
        }
    }

    fn remote(&self, item: &Node, text: &str, layer: &mut Layer) {
        let shown = crate::text::visible(text).into_owned();
        let message =
            format!("`{shown}` lies elsewhere and is not fetched: what it holds is unknown");
        let help = "nothing is wrong with it; keep a copy in the repository to have it checked";
        layer.fault(FaultKind::Remote, item.span, message, help);
        layer.open(text);
    }

    fn outside(&self, item: &Node, shown: &str, layer: &mut Layer) {
        if self.files.root_is_sure || shown.starts_with('/') {
            let message = format!("`{shown}` leaves the repository, and is not read");
            layer.refuse(
                item.span,
                message,
                "keep it in the repository: who builds this elsewhere does not have it",
            );
        } else {
            let message = format!("`{shown}` lies above what is checked: what it holds is unknown");
            let help = "check the directory that holds both";
            layer.fault(FaultKind::Remote, item.span, message, help);
        }
        layer.open(shown);
    }

    /// Another kustomization.
    fn base(&self, directory: &str, item: &Node, layer: &mut Layer, stack: &mut Stack) {
        let shown = crate::text::visible(directory).into_owned();
        if stack.iter().any(|above| above == directory) {
            let message = format!("`{shown}` refers to itself, by way of this line");
            layer.refuse(item.span, message, "take one of the references out");
            return;
        }
        if stack.len() >= DEEPEST {
            let message = format!("more than {DEEPEST} kustomizations refer to one another");
            layer.refuse(item.span, message, "let them refer to each other more directly");
            layer.open(directory);
            return;
        }
        let base = self.directory(directory, stack);
        layer.absorb(&base, item.span);
    }

    /// The manifests of a file.
    fn manifests(&self, path: &str, item: &Node, layer: &mut Layer) {
        let Some(file) = self.files.get(path) else {
            let shown = crate::text::visible(path).into_owned();
            let why = self.files.unreadable.get(path).cloned().unwrap_or_default();
            layer.refuse(
                item.span,
                format!("`{shown}` can't be read: {why}"),
                "give it read permission",
            );
            layer.open(path);
            return;
        };
        self.manifests_of(file, path, item, layer);
    }

    fn manifests_of(&self, file: &files::File, path: &str, item: &Node, layer: &mut Layer) {
        layer.used.insert(file.source);
        if !file.stream.problems.is_empty() {
            // Told by a finding of its own; what it holds is unknown.
            layer.open(path);
        }
        for root in files::roots(file).filter(|root| !root.is_null()) {
            let found = heads(root);
            if found.is_empty() && root.as_map().is_none_or(|map| !map.entries.is_empty()) {
                let is_list = root.get("kind").and_then(Node::as_str).is_some();
                if !is_list {
                    let message = "this is no manifest: it has no `kind`".to_owned();
                    let help = "take the file out of `resources`, or complete it";
                    let fault = layer.refuse(item.span, message, help);
                    fault.related.push((edit::first_line(root), "this document".to_owned()));
                }
            }
            for (head, tree) in found {
                if head.name.is_empty() {
                    let message =
                        format!("this {} has no `metadata.name`", crate::text::visible(&head.kind));
                    let help = "give it a name: kustomize refuses `generateName`";
                    let place = if head.kind_span.source == file.source {
                        head.kind_span
                    } else {
                        item.span
                    };
                    layer.refuse(place, message, help);
                    continue;
                }
                layer.add(Resource::new(head, tree), item.span);
            }
        }
    }

    /// A directory that a controller deploys as it is: every manifest below it, and every
    /// kustomization as a base (Flux' kustomize-controller generates one so).
    fn below(&self, directory: &str, item: &Node, layer: &mut Layer, stack: &mut Stack) {
        let prefix = format!("{directory}/");
        let bases: Vec<&str> =
            self.files.directories().filter(|other| other.starts_with(&prefix)).collect();
        let is_within = |path: &str, other: &str| {
            path.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'))
        };
        let topmost = bases.iter().filter(|base| !bases.iter().any(|other| is_within(base, other)));
        for base in topmost {
            self.base(base, item, layer, stack);
        }
        for (path, file) in self.files.plain_below(directory, self.limits) {
            if !bases.iter().any(|base| is_within(&path, base)) {
                self.manifests_of(&file, &path, item, layer);
            }
        }
    }

    /// A component works on what is there already.
    fn component(&self, item: &Node, site: Site<'_>, layer: &mut Layer, stack: &mut Stack) {
        let text = edit::text(item).unwrap_or_default();
        let shown = crate::text::visible(text).into_owned();
        match self.files.look(site.directory, text) {
            Found::Directory(directory) if !self.files.kustomizations(&directory).is_empty() => {
                if stack.contains(&directory) || stack.len() >= DEEPEST {
                    let message = format!("`{shown}` refers to itself, by way of this line");
                    layer.refuse(item.span, message, "take one of the references out");
                    return;
                }
                stack.push(directory.clone());
                self.read(&directory, layer, stack);
                stack.pop();
            }
            Found::Remote => self.remote(item, text, layer),
            Found::Outside => self.outside(item, &shown, layer),
            _ => {
                let message = format!("there is no component in `{shown}`");
                let help = "a component is a directory with a kustomization of `kind: Component`";
                layer.refuse(item.span, message, help);
                layer.open(text);
            }
        }
    }

    /// Field specifications that the user adds.
    fn configurations(&self, tree: &Node, site: Site<'_>, layer: &mut Layer) {
        for item in kustomization::items(tree, "configurations") {
            let text = edit::text(item).unwrap_or_default();
            let found = match self.files.look(site.directory, text) {
                Found::File(path) => self.files.get(&path),
                _ => None,
            };
            let Some(file) = found else {
                let shown = crate::text::visible(text).into_owned();
                layer.refuse(
                    item.span,
                    format!("there is no file `{shown}`"),
                    "create it, or mend the path",
                );
                continue;
            };
            layer.used.insert(file.source);
            for root in files::roots(file) {
                let configured = super::layer::Configured {
                    common_labels: fields::read(root.get("commonLabels")),
                    labels: fields::read(root.get("labels")),
                    template_labels: fields::read(root.get("templateLabels")),
                    name_prefix: fields::read(root.get("namePrefix")),
                    name_suffix: fields::read(root.get("nameSuffix")),
                };
                layer.configured.merge(&configured);
            }
        }
    }

    /// ConfigMaps and Secrets, which say nothing to policies but can be named by patches.
    fn generators(&self, tree: &Node, site: Site<'_>, layer: &mut Layer) {
        for (field, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
            for item in kustomization::items(tree, field) {
                let Some(name) = item.get("name").filter(|name| edit::text(name).is_some()) else {
                    let message = format!("this {kind} has no `name`");
                    layer.refuse(edit::first_line(item), message, "give it one");
                    continue;
                };
                let (data, is_whole) = self.data(item, site, layer);
                let made = generated(kind, name, item, data);
                let Some((head, tree)) = heads(&made).into_iter().next() else { continue };
                let mut resource = Resource::new(head, tree);
                resource.has_more_data = !is_whole;
                let id = resource.id();
                let known = layer.resources.iter().position(|known| known.was(&id));
                match (known, item.get("behavior").and_then(edit::text)) {
                    (Some(at), Some("merge" | "replace")) => {
                        let earlier = layer.resources[at].clone();
                        let merged = merge_data(&earlier.tree, &resource.tree);
                        layer.resources[at].tree = merged;
                        layer.resources[at].has_more_data |= resource.has_more_data;
                    }
                    (None, Some("merge" | "replace")) => {
                        let message = format!("there is no {} to merge with", id.words());
                        layer.refuse(name.span, message, "take `behavior` out, or mend the name");
                    }
                    (Some(_), _) => {
                        let message = format!("{} is already in this build", id.words());
                        layer.refuse(name.span, message, "give it `behavior: merge` or `replace`");
                    }
                    (None, _) => layer.add(resource, name.span),
                }
            }
        }
    }

    /// A generator's data, and whether it is all there. Secrets are kept out of repositories, and
    /// other files are written by a step before the build: none of that matters to policies.
    fn data(&self, item: &Node, site: Site<'_>, layer: &mut Layer) -> (Vec<Entry>, bool) {
        let mut is_whole = true;
        let mut data: Vec<Entry> = kustomization::items(item, "literals")
            .iter()
            .filter_map(|literal| {
                let (key, value) = edit::text(literal)?.split_once('=')?;
                let value = value.trim_matches(['"', '\'']);
                Some(edit::entry(key, literal.span, edit::string(value, literal.span)))
            })
            .collect();
        let files = kustomization::items(item, "files").iter().map(|written| (written, false));
        let envs = kustomization::items(item, "envs").iter().chain(item.get("env"));
        for (written, is_env) in files.chain(envs.map(|written| (written, true))) {
            let said = edit::text(written).unwrap_or_default();
            let (key, path) = said.split_once('=').filter(|_| !is_env).unwrap_or(("", said));
            let found = match self.files.look(site.directory, path) {
                Found::File(found) => self.files.text(&found, self.limits),
                _ => None,
            };
            let Some(text) = found else {
                let shown = crate::text::visible(path).into_owned();
                let message =
                    format!("there is no file `{shown}`, so `kustomize build` stops here");
                let help = "nothing is wrong where something writes it before the build";
                layer.fault(FaultKind::Absent, written.span, message, help);
                is_whole = false;
                continue;
            };
            let place = written.span;
            let entry =
                |key: &str, value: &str| edit::entry(key, place, edit::string(value, place));
            if is_env {
                let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
                data.extend(
                    lines.filter_map(|line| line.split_once('=')).map(|(k, v)| entry(k, v)),
                );
            } else {
                let key = if key.is_empty() { files::split(path).1 } else { key };
                data.push(entry(key, &text));
            }
        }
        (data, is_whole)
    }

    /// Charts that were rendered before, or are not at all.
    fn charts(&self, tree: &Node, layer: &mut Layer) {
        for field in ["helmCharts", "helmChartInflationGenerator"] {
            for item in kustomization::items(tree, field) {
                let name = item.get("name").or_else(|| item.get("chartName"));
                let text = name.and_then(edit::text).unwrap_or("a chart");
                let shown = crate::text::visible(text).into_owned();
                let place = charts::place(item);
                if let Some(built) = self.rendered.get(&place) {
                    for manifest in &built.manifests {
                        let resource = Resource::new(manifest.head.clone(), manifest.tree.clone());
                        layer.add(resource, place);
                    }
                    layer.faults.extend(built.faults.iter().cloned());
                    layer.openings.extend(built.openings.iter().cloned());
                    layer.used.extend(built.files.iter().copied());
                    continue;
                }
                let message =
                    format!("the chart `{shown}` is not rendered: what it holds is unknown");
                let help =
                    "nothing is wrong with it; nothing is called missing where it may put things";
                layer.fault(FaultKind::Remote, place, message, help);
                layer.open(text);
            }
        }
    }

    /// `replicas` says nothing to policies, but must find its object.
    fn replicas(&self, tree: &Node, layer: &mut Layer) {
        for item in kustomization::items(tree, "replicas") {
            let Some(name) = item.get("name") else { continue };
            let wanted = edit::text(name).unwrap_or_default();
            let is_it = |resource: &Resource| {
                let kinds = ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"];
                resource.id().name == wanted
                    || resource.earlier.iter().any(|id| id.name == wanted)
                        && kinds.contains(&resource.born.kind.as_str())
            };
            if !layer.resources.iter().any(is_it) {
                let shown = crate::text::visible(wanted).into_owned();
                let message = format!("nothing here with replicas is called `{shown}`");
                layer.refuse(name.span, message, "mend the name");
            }
        }
    }

    /// One replacement, in place or in a file of its own.
    fn replacement(&self, item: &Node, site: Site<'_>, layer: &mut Layer) {
        let help = "mend it: kustomize refuses the whole kustomization";
        let Some(path) = item.get("path").filter(|path| !path.is_null()) else {
            if let Err((place, message)) = replacement::apply(layer, item) {
                layer.refuse(place, message, help);
            }
            return;
        };
        let text = edit::text(path).unwrap_or_default();
        let found = match self.files.look(site.directory, text) {
            Found::File(path) => self.files.get(&path),
            _ => None,
        };
        let Some(file) = found else {
            let shown = crate::text::visible(text).into_owned();
            layer.refuse(
                path.span,
                format!("there is no file `{shown}`"),
                "create it, or mend the path",
            );
            return;
        };
        layer.used.insert(file.source);
        for root in files::roots(file) {
            let all = root.as_seq().unwrap_or(std::slice::from_ref(root));
            for one in all {
                if let Err((place, message)) = replacement::apply(layer, one) {
                    layer.refuse(place, message, help);
                }
            }
        }
    }

    /// `generators`, `transformers`, `validators`: kustomize's own are evaluated, as far as they
    /// matter; others are programs, which are not run.
    fn plugins(&self, tree: &Node, site: Site<'_>, layer: &mut Layer) {
        for field in ["generators", "transformers"] {
            for item in kustomization::items(tree, field) {
                let text = edit::text(item).unwrap_or_default();
                if text.contains('\n') {
                    let stream = inline::read(item, site.text, self.limits);
                    for document in &stream.documents {
                        self.plugin(&document.root, item, site.text, site, layer);
                    }
                    continue;
                }
                match self.files.look(site.directory, text) {
                    Found::File(path) => {
                        let Some(file) = self.files.get(&path) else { continue };
                        layer.used.insert(file.source);
                        let beside =
                            Site { directory: files::split(&path).0, text: &file.text, ..site };
                        for root in files::roots(file) {
                            self.plugin(root, item, &file.text, beside, layer);
                        }
                    }
                    Found::Directory(directory)
                        if !self.files.kustomizations(&directory).is_empty() =>
                    {
                        let base = self.directory(&directory, &mut vec![]);
                        layer.used.extend(base.used.iter().copied());
                        for resource in &base.resources {
                            self.plugin(&resource.tree, item, "", site, layer);
                        }
                    }
                    Found::Remote => self.remote(item, text, layer),
                    _ => {
                        let shown = crate::text::visible(text).into_owned();
                        let message = format!("there is no file or directory `{shown}`");
                        layer.refuse(item.span, message, "create it, or mend the path");
                    }
                }
            }
        }
    }

    /// One plugin's configuration. What it is given itself stands beside it.
    fn plugin(&self, config: &Node, item: &Node, text: &str, site: Site<'_>, layer: &mut Layer) {
        let kind = config.get("kind").and_then(Node::as_str).unwrap_or_default();
        let is_builtin = config.get("apiVersion").and_then(Node::as_str) == Some("builtin");
        let entry = |node: Option<&Node>, from: &str, to: &str| -> Option<Entry> {
            let entry = node?.entry(from)?;
            Some(edit::entry(to, entry.key_span, entry.value.clone()))
        };
        match kind {
            _ if !is_builtin => self.not_run(item, kind, layer),
            "LabelTransformer" => {
                let specs = fields::read(config.get("fieldSpecs"));
                let selects = |spec: &fields::FieldSpec| {
                    spec.path.iter().any(|part| part.contains("elector"))
                };
                let writer = match specs.iter().any(selects) {
                    true => crate::bundle::Writer::CommonLabels,
                    false => crate::bundle::Writer::Labels,
                };
                transform::write(layer, config.get("labels"), &specs, writer);
            }
            "NamespaceTransformer" => {
                let unset_only = kustomization::is_true(config, "unsetOnly");
                if let Some(written) = entry(config.get("metadata"), "namespace", "namespace") {
                    transform::namespace(layer, &written, unset_only);
                }
            }
            "PrefixTransformer" | "PrefixSuffixTransformer" => {
                if let Some(written) = entry(Some(config), "prefix", "namePrefix") {
                    transform::names(layer, &written, true);
                }
            }
            "SuffixTransformer" => {
                if let Some(written) = entry(Some(config), "suffix", "nameSuffix") {
                    transform::names(layer, &written, false);
                }
            }
            "PatchTransformer" | "PatchJson6902Transformer" => {
                self.patches(Site { text, ..site }).one(layer, config);
            }
            "PatchStrategicMergeTransformer" => {
                if let Some(paths) = entry(Some(config), "paths", "patchesStrategicMerge") {
                    let tree = edit::mapping(vec![paths], config.span);
                    self.patches(Site { text, ..site }).strategic_merge(layer, &tree);
                }
            }
            "ReplacementTransformer" => {
                for one in kustomization::items(config, "replacements") {
                    self.replacement(one, site, layer);
                }
            }
            // They change nothing that policies see.
            "AnnotationsTransformer"
            | "ImageTagTransformer"
            | "ReplicaCountTransformer"
            | "HashTransformer"
            | "ConfigMapGenerator"
            | "SecretGenerator" => {}
            _ => self.not_run(item, kind, layer),
        }
    }

    fn not_run(&self, item: &Node, kind: &str, layer: &mut Layer) {
        let shown = crate::text::visible(kind).into_owned();
        let message = format!("`{shown}` is a plugin, which is not run: what it makes is unknown");
        let help = "nothing is wrong with it; nothing is called missing where it may put things";
        layer.fault(FaultKind::NotEvaluated, edit::first_line(item), message, help);
        layer.open(kind);
    }
}

/// The object of a generator.
fn generated(kind: &str, name: &Node, item: &Node, data: Vec<Entry>) -> Node {
    let place = name.span;
    let text = |text: &str| edit::string(text, place);
    let mut metadata = vec![edit::entry("name", place, name.clone())];
    if let Some(namespace) = item.entry("namespace").filter(|entry| !entry.value.is_null()) {
        metadata.push(edit::entry("namespace", namespace.key_span, namespace.value.clone()));
    }
    edit::mapping(
        vec![
            edit::entry("apiVersion", place, text("v1")),
            edit::entry("kind", place, text(kind)),
            edit::entry("metadata", place, edit::mapping(metadata, place)),
            edit::entry("data", place, edit::mapping(data, place)),
        ],
        place,
    )
}

/// An object with the data of another one added.
fn merge_data(old: &Node, new: &Node) -> Node {
    let mut merged = old.clone();
    let added = new.get("data").and_then(Node::as_map).cloned().unwrap_or_default();
    if let Some(data) = edit::get_mut(&mut merged, "data").and_then(edit::map_mut) {
        added.entries.into_iter().for_each(|entry| {
            edit::set(data, entry);
        });
    }
    merged
}

/// The directory that a reference names, for who asks which kustomizations are referred to.
pub(super) fn referred(files: &Files, directory: &str, reference: &str) -> Option<String> {
    match files.look(directory, reference) {
        Found::Directory(path) => Some(path),
        Found::File(_) => path_from(directory, reference),
        _ => None,
    }
}
