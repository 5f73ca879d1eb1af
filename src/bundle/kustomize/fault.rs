//! The wording of faults.

use crate::bundle::{Fault, FaultKind};
use crate::text::Span;

/// `kustomize build` rejects it.
pub(super) fn refused(place: Span, message: String, help: &str) -> Fault {
    Fault { kind: FaultKind::Refused, place, message, help: help.to_owned(), related: Vec::new() }
}

/// It is remote and not downloaded.
pub(super) fn remote(place: Span, reference: &str) -> Fault {
    Fault {
        kind: FaultKind::Remote,
        place,
        message: format!(
            "`{reference}` is remote and is not downloaded, so the objects in it are unknown"
        ),
        help: "if policies depend on its objects, keep a copy in the repository".to_owned(),
        related: Vec::new(),
    }
}

/// It can be built, but not here.
pub(super) fn not_evaluated(place: Span, what: &str) -> Fault {
    Fault {
        kind: FaultKind::NotEvaluated,
        place,
        message: format!("{what} is not evaluated, so its changes are unknown"),
        help: "netpol-lint runs nothing from a repository: if policies depend on it, write its \
               effect as patches or resources"
            .to_owned(),
        related: Vec::new(),
    }
}

/// A chart that nothing here renders.
pub(super) fn unrendered(place: Span, chart: &str) -> Fault {
    Fault {
        kind: FaultKind::Unrendered,
        place,
        message: format!("chart `{chart}` is not rendered, so its objects are unknown"),
        help: "install helm to render charts in this repository".to_owned(),
        related: Vec::new(),
    }
}
