//! `labels`, `commonLabels` and `commonAnnotations`.

use super::edit;
use super::fault::refused;
use super::field_spec::{self, FieldSpec, FieldSpecs, Leaf, METADATA_LABELS, TEMPLATE_LABELS};
use super::maker::Maker;
use super::object::Object;
use crate::bundle::Writer;
use crate::text::Span;
use crate::yaml::{Entry, Node};

/// The most labels that are added at once: each is applied to every object.
const MOST_LABELS: usize = 64;

/// Labels that are added at once, and where.
struct Run<'a> {
    pairs: &'a [Entry],
    specs: FieldSpecs,
    /// `None` for annotations: no rule asks what wrote those.
    writer: Option<Writer>,
}

impl Maker<'_> {
    /// `labels` in their order, then `commonLabels`.
    pub fn labels(&mut self) {
        let mut runs = Vec::new();
        for entry in self.list("labels") {
            let Some(pairs) = entry.get("pairs") else { continue };
            let is = |key: &str| {
                entry.get(key).and_then(Node::as_scalar).is_some_and(|it| it.text == "true")
            };
            let mut specs = FieldSpec::read_all(entry.get("fields"));
            specs.extend(self.layer.specs.labels.iter().cloned());
            let writer = if is("includeSelectors") {
                specs.extend(self.all_labels());
                Writer::CommonLabels
            } else {
                if is("includeTemplates") {
                    specs.extend(field_spec::rows(TEMPLATE_LABELS));
                    specs.extend(self.layer.specs.template_labels.iter().cloned());
                }
                specs.extend(field_spec::rows(&[METADATA_LABELS]));
                Writer::Labels
            };
            runs.push(self.run(pairs, specs, Some(writer)));
        }
        if let Some(pairs) = self.tree.get("commonLabels") {
            let specs = self.all_labels();
            runs.push(self.run(pairs, specs, Some(Writer::CommonLabels)));
        }
        self.set_runs(&runs);
    }

    /// `commonAnnotations`, as far as they matter: a patch or a replacement may select by them.
    pub fn annotations(&mut self) {
        if let Some(pairs) = self.tree.get("commonAnnotations") {
            let spec = FieldSpec::new(("", "", ""), "metadata/annotations", true);
            self.set_all(pairs, vec![spec], None);
        }
    }

    fn all_labels(&self) -> Vec<FieldSpec> {
        let mut specs = field_spec::common_labels();
        specs.extend(self.layer.specs.common_labels.iter().cloned());
        specs
    }

    /// Sets every pair at every field.
    pub fn set_all(&mut self, pairs: &Node, specs: Vec<FieldSpec>, writer: Option<Writer>) {
        let run = self.run(pairs, specs, writer);
        self.set_runs(&[run]);
    }

    fn run<'p>(
        &mut self,
        pairs: &'p Node,
        specs: Vec<FieldSpec>,
        writer: Option<Writer>,
    ) -> Run<'p> {
        let mut pairs = pairs.as_map().map_or(&[][..], |map| &map.entries);
        if let Some(pair) = pairs.get(MOST_LABELS) {
            let message =
                format!("more than {MOST_LABELS} labels are added here: the rest are ignored");
            self.fault(refused(
                pair.key_span,
                message,
                "use annotations for what no selector uses",
            ));
            self.open("labels beyond the limit");
            pairs = pairs.get(..MOST_LABELS).unwrap_or(pairs);
        }
        Run { pairs, specs: specs.into_iter().collect(), writer }
    }

    fn set_runs(&mut self, runs: &[Run<'_>]) {
        if runs.is_empty() {
            return;
        }
        for run in runs {
            self.layer.complete_for(&run.specs, &self.library.disk);
        }
        let mut odd = Vec::new();
        self.layer.objects.change_all(|object| {
            for (nth, run) in runs.iter().enumerate() {
                odd.extend(run.set(object).into_iter().map(|place| (nth, place)));
            }
        });
        odd.sort_by_key(|(nth, _)| *nth);
        for (_, (place, there)) in odd {
            let mut fault = refused(
                place,
                "this label is added to a field that is not a mapping: kustomize rejects it"
                    .to_owned(),
                "fix the field, or remove the label",
            );
            fault.related.push((there, "here".to_owned()));
            self.fault(fault);
        }
    }
}

impl Run<'_> {
    /// Sets the labels in one object; returns those whose holder is not a mapping, and what it is.
    fn set(&self, object: &mut Object) -> Vec<(Span, Span)> {
        let mut odd = Vec::new();
        let writer = self.writer.unwrap_or(Writer::Labels);
        let specs = self.specs.concerning(&object.tree);
        for pair in self.pairs {
            let label = label(pair);
            let mut made = Vec::new();
            let (tree, keys, mut pen) = object.parts(writer);
            for spec in &specs {
                let mut set = |map: &mut Node, holder: &str| {
                    if map.as_map().is_none() {
                        return;
                    }
                    let before = keys.put(map, label.clone(), holder);
                    if before.is_none() {
                        made.push(holder.to_owned());
                    }
                    if self.writer.is_some() {
                        pen.note(holder, &pair.key, pair.value.span, before);
                    }
                };
                let done = field_spec::visit(tree, spec, Leaf::Map, pair.key_span, &mut set);
                odd.extend(done.err().map(|place| (pair.key_span, place)));
            }
            object.follow_links_of(&pair.key, writer);
            object.link(&label, made);
        }
        odd
    }
}

/// A label's value is a string, whatever it looks like.
fn label(pair: &Entry) -> Entry {
    let text = pair.value.as_scalar().filter(|_| !pair.value.is_null());
    let text = text.map(|scalar| scalar.text.clone()).unwrap_or_default();
    Entry { value: edit::string(pair.value.span, text), ..pair.clone() }
}
