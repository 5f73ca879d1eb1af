//! What selectors of these kinds ask for.

use crate::model::Requirement;
use crate::model::tiered::{Expr, LabelOf, NAMESPACE_NAME, PodTerm, Scope};
use crate::resolve::CALICO_NAME;

/// Whose labels selectors ask for.
pub(in crate::lint) const WHOSE: [LabelOf; 5] =
    [LabelOf::Pod, LabelOf::Namespace, LabelOf::Account, LabelOf::AccountName, LabelOf::Cluster];

/// What a selector asks of labels, and of those of the namespace.
pub(in crate::lint) fn conditions(term: &PodTerm) -> impl Iterator<Item = &Expr> {
    let scope = match &term.scope {
        Scope::Where(labels, _) => Some(labels),
        Scope::Own | Scope::Everywhere | Scope::Global => None,
    };
    std::iter::once(&term.labels).chain(scope)
}

/// Calico has a label of its own for the name of a Namespace.
pub(in crate::lint) fn by_name(requirement: &Requirement) -> Requirement {
    let key = match requirement.key.as_str() {
        CALICO_NAME => NAMESPACE_NAME.into(),
        _ => requirement.key.clone(),
    };
    Requirement { key, ..requirement.clone() }
}
