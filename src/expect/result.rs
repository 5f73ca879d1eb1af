//! What became of the expectations of a run.

use std::path::PathBuf;

use super::explain::Evidence;
use super::judge::Outcome;
use super::read::Expected;
use crate::text::{Sources, Span};

/// The expectations of a run, and what became of each.
#[derive(Debug)]
pub struct Tested {
    /// The texts that the spans lie in.
    pub sources: Sources,
    /// The repository's root, to which paths are relative.
    pub root: PathBuf,
    /// What became of each, in the order of the files.
    pub results: Vec<TestResult>,
}

/// What became of one expectation.
#[derive(Clone, Debug)]
pub struct TestResult {
    /// Its first token, or what can't be understood.
    pub place: Span,
    /// What is expected; none where that can't be understood.
    pub expected: Option<Expected>,
    /// Who connects, as it is written.
    pub from: Vec<String>,
    /// Who is connected to.
    pub to: Vec<String>,
    /// On which ports; empty for all that matter.
    pub ports: String,
    /// Why, in the author's words; empty where none is given.
    pub reason: String,
    /// What became of it.
    pub outcome: Outcome,
    /// What is wrong, in one sentence; empty where it passed.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The lines that show why.
    pub evidence: Vec<Evidence>,
    /// The clusters of bundles in which it has that outcome; empty where there is only one.
    pub clusters: Vec<String>,
}

impl Tested {
    /// How many have that outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.results.iter().filter(|result| result.outcome == outcome).count()
    }
}

impl TestResult {
    /// What can't be judged, where it is written.
    pub fn invalid(place: Span, message: String, help: String) -> Self {
        Self {
            place,
            expected: None,
            from: Vec::new(),
            to: Vec::new(),
            ports: String::new(),
            reason: String::new(),
            outcome: Outcome::Invalid,
            message,
            help,
            evidence: Vec::new(),
            clusters: Vec::new(),
        }
    }
}
