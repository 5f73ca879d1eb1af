//! The result of one kustomization, before names are final.

use std::collections::BTreeSet;

use compact_str::CompactString;
use indexmap::IndexSet;

use super::field_spec::FieldSpec;
use super::objects::Objects;
use crate::bundle::{Fault, Opening};
use crate::text::{SourceId, Span};
use crate::yaml::{Node, ProblemKind};

/// The deepest nesting of layers: more are rejected.
pub(super) const DEEPEST: usize = 64;

/// The most objects of one build: something that doubles in every layer would grow without end.
pub(super) const MOST: usize = 25_000;

/// The most objects that the components of one build may visit in total.
pub(super) const MOST_WORK: usize = 5_000_000;

/// The cost of a component without objects to visit.
pub(super) const LEAST_WORK: usize = 50;

/// The most faults of one build; nobody reads more.
pub(super) const MOST_FAULTS: usize = 1_000;

/// The result of one kustomization, before names are final.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    pub objects: Objects,
    pub faults: Vec<Fault>,
    pub openings: IndexSet<Opening>,
    pub files: BTreeSet<SourceId>,
    pub vars: IndexSet<Var>,
    pub specs: Specs,
    /// How many bytes of memory the trees take that were completed.
    pub completed: usize,
    /// How many objects its components visited.
    pub work: usize,
    /// How many entries its JSON patches visited.
    pub steps: usize,
    /// It has more objects than the limit: no other layer builds on it.
    pub is_full: bool,
}

/// Field specifications that `configurations` add to kustomize's own.
#[derive(Clone, Debug, Default)]
pub(super) struct Specs {
    pub common_labels: IndexSet<FieldSpec>,
    pub labels: IndexSet<FieldSpec>,
    pub template_labels: IndexSet<FieldSpec>,
    pub namespace: IndexSet<FieldSpec>,
    pub name_prefix: IndexSet<FieldSpec>,
    pub name_suffix: IndexSet<FieldSpec>,
    pub var_reference: IndexSet<FieldSpec>,
}

impl Specs {
    pub fn lists(&mut self) -> [(&'static str, &mut IndexSet<FieldSpec>); 7] {
        [
            ("commonLabels", &mut self.common_labels),
            ("labels", &mut self.labels),
            ("templateLabels", &mut self.template_labels),
            ("namespace", &mut self.namespace),
            ("namePrefix", &mut self.name_prefix),
            ("nameSuffix", &mut self.name_suffix),
            ("varReference", &mut self.var_reference),
        ]
    }

    pub fn join(&mut self, other: &Self) {
        let mut other = other.clone();
        for ((_, own), (_, more)) in self.lists().into_iter().zip(other.lists()) {
            own.extend(more.drain(..));
        }
    }

    pub fn read(node: &Node) -> Self {
        let mut specs = Self::default();
        for (key, list) in specs.lists() {
            list.extend(FieldSpec::read_all(node.get(key)));
        }
        specs
    }
}

/// One entry of `vars`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Var {
    pub name: CompactString,
    pub field: String,
    pub place: Span,
}

/// A problem with a text, in words.
pub(super) fn words(kind: &ProblemKind) -> String {
    match kind {
        ProblemKind::Syntax(words) | ProblemKind::Limit(words) => words.clone(),
        ProblemKind::Template => "it is a template that must be rendered first".to_owned(),
        ProblemKind::NotUtf8 => "it is not UTF-8".to_owned(),
    }
}
