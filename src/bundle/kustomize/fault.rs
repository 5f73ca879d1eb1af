//! How faults are written.

use crate::bundle::{Fault, FaultKind};
use crate::text::Span;

/// `kustomize build` refuses it.
pub(super) fn refused(place: Span, message: String, help: &str) -> Fault {
    Fault { kind: FaultKind::Refused, place, message, help: help.to_owned(), related: Vec::new() }
}

/// It lies elsewhere and is not fetched.
pub(super) fn remote(place: Span, reference: &str) -> Fault {
    Fault {
        kind: FaultKind::Remote,
        place,
        message: format!(
            "`{reference}` lies elsewhere and is not fetched, so what it applies is unknown"
        ),
        help: "keep a copy in the repository if policies depend on what it applies".to_owned(),
        related: Vec::new(),
    }
}

/// It can be made, but not here.
pub(super) fn not_evaluated(place: Span, what: &str) -> Fault {
    Fault {
        kind: FaultKind::NotEvaluated,
        place,
        message: format!("{what} is not evaluated, so what it changes or adds is unknown"),
        help: "nothing a repository supplies is run: write what it does as patches or resources, if policies depend on it"
            .to_owned(),
        related: Vec::new(),
    }
}

/// A chart that nothing here renders.
pub(super) fn unrendered(place: Span, chart: &str) -> Fault {
    Fault {
        kind: FaultKind::Unrendered,
        place,
        message: format!("the chart `{chart}` is not rendered, so what it applies is unknown"),
        help: "install helm, so that charts of this repository are rendered".to_owned(),
        related: Vec::new(),
    }
}
