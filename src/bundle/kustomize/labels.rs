//! `labels`, `commonLabels` and `commonAnnotations`.

use super::edit;
use super::fault::refused;
use super::field_spec::{self, FieldSpec, Leaf, METADATA_LABELS, TEMPLATE_LABELS};
use super::layer::Maker;
use crate::bundle::Writer;
use crate::yaml::{Entry, Node};

/// Labels that are added in one go: each is followed through every object.
const MOST_LABELS: usize = 64;

impl Maker<'_> {
    /// `labels` in their order, then `commonLabels`.
    pub fn labels(&mut self) {
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
            self.set_all(pairs, specs, Some(writer));
        }
        if let Some(pairs) = self.tree.get("commonLabels") {
            let specs = self.all_labels();
            self.set_all(pairs, specs, Some(Writer::CommonLabels));
        }
    }

    /// `commonAnnotations`, as far as anyone asks: a patch or a replacement may select by them.
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
        let specs = distinct(specs);
        let pairs = pairs.as_map().map_or(&[][..], |map| &map.entries);
        let pairs = match pairs.get(MOST_LABELS) {
            Some(pair) => {
                let message =
                    format!("more than {MOST_LABELS} labels are added here; the rest is left out");
                self.fault(refused(
                    pair.key_span,
                    message,
                    "keep in annotations what selects nothing",
                ));
                self.open("labels beyond the limit");
                &pairs[..MOST_LABELS]
            }
            None => pairs,
        };
        let mut odd = Vec::new();
        let writer_or = writer.unwrap_or(Writer::Labels);
        for object in &mut self.layer.objects {
            for pair in pairs {
                let label = label(pair);
                let mut made = Vec::new();
                let (tree, mut pen) = object.pen(writer_or);
                for spec in &specs {
                    let mut set = |map: &mut Node, holder: &str| {
                        if map.as_map().is_none() {
                            return;
                        }
                        let before = edit::put(map, label.clone());
                        if before.is_none() {
                            made.push(holder.to_owned());
                        }
                        if writer.is_some() {
                            pen.note(holder, &pair.key, pair.value.span, before);
                        }
                    };
                    let done = field_spec::visit(tree, spec, Leaf::Map, pair.key_span, &mut set);
                    odd.extend(done.err().map(|place| (pair.key_span, place)));
                }
                object.follow_links(writer_or);
                object.link(&label, made);
            }
        }
        for (place, there) in odd {
            let mut fault = refused(
                place,
                "this label goes to a field that is no mapping, and kustomize refuses that"
                    .to_owned(),
                "mend the field, or leave the label out",
            );
            fault.related.push((there, "here".to_owned()));
            self.fault(fault);
        }
    }
}

/// A label's value is a string, whatever it looks like.
fn label(pair: &Entry) -> Entry {
    let text = pair.value.as_scalar().filter(|_| !pair.value.is_null());
    let text = text.map(|scalar| scalar.text.clone()).unwrap_or_default();
    Entry { value: edit::string(pair.value.span, text), ..pair.clone() }
}

/// Each field once: kustomize merges the lists.
fn distinct(specs: Vec<FieldSpec>) -> Vec<FieldSpec> {
    let mut once: Vec<FieldSpec> = Vec::with_capacity(specs.len());
    for spec in specs {
        if !once.contains(&spec) {
            once.push(spec);
        }
    }
    once
}
