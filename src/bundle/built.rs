//! The result of a kustomization or a chart: manifests as they are applied, and what could not be
//! built.

use std::collections::BTreeSet;

use compact_str::CompactString;

use super::Head;
use crate::text::{SourceId, Span};
use crate::yaml::Node;

/// The result of one kustomization, with everything that it refers to, or of one chart.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// What it is called: its directory, and for a chart that is rendered in several ways the way.
    pub name: String,
    /// The directory of the kustomization or the chart, relative to the root; `.` for the root
    /// itself.
    pub directory: String,
    /// The manifests, in the order in which they are applied.
    pub manifests: Vec<Manifest>,
    /// What could not be built, in the order in which it was found. The rest is built anyway.
    pub faults: Vec<Fault>,
    /// What may be applied in addition to the manifests, and is unknown to the repository.
    pub openings: Vec<Opening>,
    /// Every file that it was built from.
    pub files: BTreeSet<SourceId>,
    /// The namespace that it sets on all its manifests, if it does.
    pub namespace: Option<CompactString>,
}

/// A chart that a kustomization renders (`helmCharts`).
#[derive(Clone, Debug, PartialEq)]
pub struct ChartCall {
    /// Where it is requested, and where its fault is reported.
    pub place: Span,
    /// The directory of the kustomization.
    pub directory: String,
    /// The chart's name: its directory in `home`.
    pub name: String,
    /// The directory of the charts, relative to the root; `None` if it is outside.
    pub home: Option<String>,
    /// The repository that it is downloaded from, if it is.
    pub remote: Option<String>,
    /// The name of the release.
    pub release: Option<String>,
    /// Where that name is written.
    pub release_place: Option<Span>,
    /// The namespace of the release.
    pub namespace: Option<String>,
    /// Values files, relative to the root, in their order.
    pub values: Vec<String>,
    /// Values written in the kustomization.
    pub inline_values: Option<Node>,
}

impl Built {
    /// About how many bytes of memory the manifests take, though some of it may be shared.
    pub fn memory(&self) -> usize {
        self.manifests.iter().map(|manifest| manifest.tree.memory()).sum()
    }

    /// Whether nothing was built, without a fault.
    pub fn is_left_out(&self) -> bool {
        self.manifests.is_empty() && self.faults.is_empty() && !self.openings.is_empty()
    }
}

/// One manifest as it is applied.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its identity after all changes, and the place of the original manifest.
    pub head: Head,
    /// Its tree after all changes. Every node keeps its original span, so what an overlay wrote is
    /// in the overlay's file.
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
    /// The place of the new value.
    pub place: Span,
    /// The previous value, with its own span; `None` if there was none.
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
    /// Not a kustomization but a chart's template: `before` is the place of the value that it
    /// writes.
    Value,
    /// The same: `before` is where it is written in the template that this one includes.
    Include,
}

/// Something that could not be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its kind.
    pub kind: FaultKind,
    /// Where it is requested; one line.
    pub place: Span,
    /// What is wrong, in one sentence with the names involved.
    pub message: String,
    /// What to do, in one sentence.
    pub help: String,
    /// Other places, each with a message.
    pub related: Vec<(Span, String)>,
}

/// What could not be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// `kustomize build` rejects it.
    Refused,
    /// A missing file for the data of a ConfigMap or a Secret: `kustomize build` rejects it, unless
    /// something writes the file before.
    Absent,
    /// It exceeds a limit of a run.
    Limit,
    /// It is remote and not downloaded.
    Remote,
    /// It can be built, but not here: a plugin, a function in a container.
    NotEvaluated,
    /// It is left out, and nothing is missing because of it: a schema for values.
    Unapplied,
    /// A chart's template that contains a policy, and renders none with the given values.
    Unrendered,
    /// A chart asks for a value (`required`) or rejects those given (`fail`): by design. The rest is
    /// rendered, with values made up.
    Asked,
    /// `helm template` rejects it.
    Render,
}

/// Why more may be applied than the manifests that were built.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Opening {
    /// The namespace that it all goes to; `None` if it may be any.
    pub namespace: Option<CompactString>,
    /// What it is: a URL, a path, a field of a kustomization.
    pub what: String,
}
