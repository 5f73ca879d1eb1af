//! What one kustomization makes, with all below it.

use std::collections::BTreeSet;

use crate::bundle::{Fault, FaultKind, Opening};
use crate::text::{SourceId, Span};

use super::fields::FieldSpec;
use super::resource::{Id, Resource};

/// A kustomization's manifests, and what could not be made of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    pub(super) resources: Vec<Resource>,
    pub(super) faults: Vec<Fault>,
    pub(super) openings: Vec<Opening>,
    pub(super) used: BTreeSet<SourceId>,
    pub(super) configured: Configured,
    /// Whether more was said of it than is kept.
    pub(super) is_full: bool,
}

/// Field specifications that `configurations` add; a base's count for its overlays too.
#[derive(Clone, Debug, Default)]
pub(super) struct Configured {
    pub(super) common_labels: Vec<FieldSpec>,
    pub(super) labels: Vec<FieldSpec>,
    pub(super) template_labels: Vec<FieldSpec>,
    pub(super) name_prefix: Vec<FieldSpec>,
    pub(super) name_suffix: Vec<FieldSpec>,
}

/// The most objects of one build. Overlays of overlays could double them at each step.
const OBJECTS: usize = 200_000;

impl Layer {
    /// Notes that `kustomize build` would stop here.
    pub(super) fn refuse(&mut self, place: Span, message: String, help: &str) -> &mut Fault {
        self.fault(FaultKind::Refused, place, message, help)
    }

    pub(super) fn fault(
        &mut self,
        kind: FaultKind,
        place: Span,
        message: String,
        help: &str,
    ) -> &mut Fault {
        let help = help.to_owned();
        self.faults.push(Fault { kind, place, message, help, related: Vec::new() });
        let last = self.faults.len() - 1;
        &mut self.faults[last]
    }

    /// Notes that more may be there than is made.
    pub(super) fn open(&mut self, what: &str) {
        self.openings.push(Opening { namespace: None, what: what.to_owned() });
    }

    /// Whether more may be there than is made.
    pub(super) fn is_open(&self) -> bool {
        !self.openings.is_empty()
    }

    /// Adds an object that stands at `place` in the list of the kustomization's resources. The
    /// same object a second time is an error, and the first stays.
    pub(super) fn add(&mut self, resource: Resource, place: Span) {
        let id = resource.id();
        if let Some(known) = self.position(&id) {
            let span = self.resources[known].born.name_span;
            let message = format!("{} is already in this build", id.words());
            let help = "take one of the two out, or change one of them with a patch instead";
            let fault = self.refuse(place, message, help);
            fault.related.push((span, "the first stands here".to_owned()));
            fault.related.push((resource.born.name_span, "and here it is again".to_owned()));
            return;
        }
        if self.resources.len() >= OBJECTS {
            if !std::mem::replace(&mut self.is_full, true) {
                let message =
                    format!("this makes more than {OBJECTS} objects: the rest is left out");
                self.refuse(place, message, "split it into several kustomizations");
                self.open("what is beyond the limit");
            }
            return;
        }
        self.resources.push(resource);
    }

    fn position(&self, id: &Id) -> Option<usize> {
        self.resources.iter().position(|known| {
            known.tree.at(&["metadata", "name"]).and_then(super::edit::text)
                == Some(id.name.as_str())
                && known.id().is(id)
        })
    }

    /// Takes in what another kustomization makes.
    pub(super) fn absorb(&mut self, base: &Self, place: Span) {
        for resource in &base.resources {
            self.add(resource.clone(), place);
        }
        self.faults.extend(base.faults.iter().cloned());
        self.openings.extend(base.openings.iter().cloned());
        self.used.extend(base.used.iter().copied());
        self.configured.merge(&base.configured);
    }
}

impl Configured {
    pub(super) fn merge(&mut self, other: &Self) {
        let merge = |own: &mut Vec<FieldSpec>, other: &[FieldSpec]| {
            for spec in other {
                if !own.contains(spec) {
                    own.push(spec.clone());
                }
            }
        };
        merge(&mut self.common_labels, &other.common_labels);
        merge(&mut self.labels, &other.labels);
        merge(&mut self.template_labels, &other.template_labels);
        merge(&mut self.name_prefix, &other.name_prefix);
        merge(&mut self.name_suffix, &other.name_suffix);
    }
}
