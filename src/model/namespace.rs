//! Namespaces.

use super::selector::Label;

/// A Namespace.
#[derive(Clone, Debug)]
pub struct NamespaceObject {
    /// Its labels as written. Every namespace also has `kubernetes.io/metadata.name`, set by the
    /// API server (KEP-2161).
    pub labels: Vec<Label>,
    /// Whether it may have labels that the repository does not show (a placeholder in them).
    pub labels_unsure: bool,
}
