//! Findings to those that count: selection, thresholds, precedence, and the merging of the same
//! finding from several bundles.

use crate::lint::{Confidence, Severity};

/// Which findings are shown.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Rule ids to run; empty for the default ones.
    pub select: Vec<String>,
    /// Rule ids to leave out.
    pub ignore: Vec<String>,
    /// Pedantic rules and notes too.
    pub pedantic: bool,
    /// The least severity shown; none for the default (`warning`, `note` when pedantic).
    pub min_severity: Option<Severity>,
    /// The least confidence shown; none for the default (`medium`).
    pub min_confidence: Option<Confidence>,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            select: Vec::new(),
            ignore: Vec::new(),
            pedantic: false,
            min_severity: None,
            min_confidence: None,
        }
    }
}
