//! What a kustomization or a chart makes: manifests as they are applied, and what could not be
//! made.

use std::collections::BTreeSet;

use compact_str::CompactString;

use super::Head;
use crate::text::{SourceId, Span};
use crate::yaml::Node;

/// What one kustomization, with all that it refers to, or one chart makes.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// The directory of the kustomization or the chart, relative to the root; `.` for the root
    /// itself.
    pub name: String,
    /// The manifests, in the order in which they are applied.
    pub manifests: Vec<Manifest>,
    /// What could not be made, in the order in which it was met. The rest is there all the same.
    pub faults: Vec<Fault>,
    /// What may be applied beside the manifests, and can't be told from the repository.
    pub openings: Vec<Opening>,
    /// Every file it was made from.
    pub files: BTreeSet<SourceId>,
    /// The namespace that it gives to all its manifests, if it does.
    pub namespace: Option<CompactString>,
}

/// A chart that a kustomization renders (`helmCharts`).
#[derive(Clone, Debug, PartialEq)]
pub struct ChartCall {
    /// Where it is asked for: where its fault stands.
    pub place: Span,
    /// The directory of the kustomization.
    pub directory: String,
    /// The chart's name: its directory in `home`.
    pub name: String,
    /// The directory of the charts, from the root; none where it lies outside.
    pub home: Option<String>,
    /// The repository that it is fetched from, if it is.
    pub remote: Option<String>,
    /// The name of the release.
    pub release: Option<String>,
    /// Where that name is written.
    pub release_place: Option<Span>,
    /// The namespace of the release.
    pub namespace: Option<String>,
    /// Values files, from the root, in their order.
    pub values: Vec<String>,
    /// Values written in the kustomization.
    pub inline_values: Option<Node>,
}

impl Built {
    /// Whether nothing was made of it, and nothing is told of that.
    pub fn is_left_out(&self) -> bool {
        self.manifests.is_empty() && self.faults.is_empty() && !self.openings.is_empty()
    }
}

/// One manifest as it is applied.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Who it is after all changes, and where the manifest stands that it began as.
    pub head: Head,
    /// Its tree after all changes. Every node keeps the span it was born with, so what an overlay
    /// wrote lies in the overlay's file.
    pub tree: Node,
    /// What overlays have written into it, in the order in which they did.
    pub writes: Vec<Write>,
}

/// One entry that an overlay has written into a manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// The field path of the mapping that it was written into, from the object's root
    /// (`spec.egress[0].to[1].podSelector.matchLabels`); empty for the root.
    pub holder: String,
    /// The entry's key.
    pub key: CompactString,
    /// Which field of the kustomization wrote it.
    pub writer: Writer,
    /// Where the new value stands.
    pub place: Span,
    /// What stood there before, with its own span; none where there was nothing.
    pub before: Option<Node>,
}

/// The fields of a kustomization that write into manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// `commonLabels`, or `labels` with `includeSelectors`.
    CommonLabels,
    /// `labels` without selectors.
    Labels,
    /// `namespace`.
    Namespace,
    /// `namePrefix` and `nameSuffix`.
    Name,
    /// A patch of any form.
    Patch,
    /// `replacements` and `vars`.
    Replacement,
    /// No kustomization, but a chart's template: `before` is where the value is written that it
    /// writes.
    Value,
}

/// Something that could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of thing.
    pub kind: FaultKind,
    /// Where it is asked for; one line.
    pub place: Span,
    /// What is wrong, in one sentence that names the things by their names.
    pub message: String,
    /// What to do, in one sentence.
    pub help: String,
    /// Other places, each with what it has to say.
    pub related: Vec<(Span, String)>,
}

/// What could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// `kustomize build` refuses it.
    Refused,
    /// A file that the data of a ConfigMap or a Secret is made of, and that is not in the
    /// repository: `kustomize build` refuses it, unless something writes the file before.
    Absent,
    /// It would take more than one run may cost.
    Limit,
    /// It lies elsewhere and is not fetched.
    Remote,
    /// It can be made, but not here: a plugin, a function in a container.
    NotEvaluated,
    /// A template of a chart that holds a policy, and makes none with the values it is given.
    Unrendered,
    /// `helm template` rejects it.
    Render,
}

/// Why more may be applied than the manifests that were made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Opening {
    /// The namespace that it all goes to; none where it may go anywhere.
    pub namespace: Option<CompactString>,
    /// What it is: a URL, a path, a field of a kustomization.
    pub what: String,
}
