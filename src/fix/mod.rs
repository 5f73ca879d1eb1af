//! Findings to edited files: edits that do not overlap are applied together, the next run checks
//! the result, and only then are files written.
//!
//! This stage keeps the texts, and the caller runs the pipeline on them: see
//! [`crate::apply_fixes`].

mod diff;
mod edits;
mod judge;
mod write;

pub use diff::unified;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::lint::{Finding, Safety};
use crate::text::{Origin, SourceId, Sources};

use edits::Chosen;

/// Texts that replace files, by the path that they are reported under.
pub type Texts = BTreeMap<String, Arc<str>>;

/// Findings, and their sources.
pub type Found<'a> = (&'a [Finding], &'a Sources);

/// The change of one file.
#[derive(Clone, Debug)]
pub struct Change {
    /// The path to open it with.
    open: PathBuf,
    /// The text as it was read.
    pub before: Arc<str>,
    /// The text with the edits so far.
    pub after: Arc<str>,
    /// How many findings the edits fix.
    pub fixed: usize,
}

/// The files with their edits, before anything is written.
#[derive(Debug)]
pub struct Draft {
    root: PathBuf,
    /// Given paths that are symbolic links.
    linked: Vec<PathBuf>,
    /// Whether unsafe fixes are applied too.
    risky: bool,
    changes: BTreeMap<String, Change>,
    /// Files that are not changed, and why.
    refused: BTreeMap<String, String>,
    /// What the last round changed in each file.
    round: BTreeMap<String, Vec<Chosen>>,
}

impl Draft {
    /// A draft without edits. Only files below `root` are ever edited, and none that one of the
    /// `given` paths reaches through a symbolic link.
    pub fn new(root: &Path, given: &[PathBuf], risky: bool) -> Self {
        Self {
            root: root.to_owned(),
            linked: write::linked(given),
            risky,
            changes: BTreeMap::new(),
            refused: BTreeMap::new(),
            round: BTreeMap::new(),
        }
    }

    /// Applies the edits of as many findings as possible, and returns whether there were any. Of
    /// overlapping edits, the first is applied, and the others wait for the next round.
    pub fn edit(&mut self, findings: &[Finding], sources: &Sources) -> bool {
        self.round.clear();
        let (risky, mut by_file) = (self.risky, BTreeMap::<SourceId, Vec<&Finding>>::new());
        for finding in findings {
            by_file.entry(finding.place.source).or_default().push(finding);
        }
        for (id, findings) in by_file {
            let source = sources.get(id);
            let chosen = edits::choose(&findings, id, |safety| risky || safety == Safety::Safe);
            let Origin::File(open) = &source.origin else { continue };
            if chosen.is_empty() || self.refused.contains_key(&source.path) {
                continue;
            }
            let linked = self.linked.iter().any(|linked| open.starts_with(linked));
            if let Err(why) = write::may_edit(open, &self.root, linked) {
                self.refused.insert(source.path.clone(), why);
                continue;
            }
            let text = source.text();
            let change = self.changes.entry(source.path.clone()).or_insert_with(|| Change {
                open: open.clone(),
                before: Arc::clone(text),
                after: Arc::clone(text),
                fixed: 0,
            });
            change.after = Arc::from(edits::apply(text, &chosen));
            change.fixed += chosen.len();
            self.round.insert(source.path.clone(), chosen);
        }
        !self.round.is_empty()
    }

    /// Reverts the edits in files in which the last round's findings remain, a new error appears
    /// that the next round does not fix, or a document no longer parses; returns whether there were
    /// any.
    pub fn judge(&mut self, before: Found<'_>, after: Found<'_>) -> bool {
        let passes = |finding: &Finding| {
            let source = after.1.get(finding.place.source);
            let is_open =
                !self.refused.contains_key(&source.path) && source.origin != Origin::Stdin;
            is_open && finding.fixes.iter().any(|fix| self.risky || fix.safety == Safety::Safe)
        };
        let verdicts = judge::judge(&self.round, before, after, &self.changes, passes);
        self.take_back(verdicts)
    }

    /// Runs after all rounds: a new error reverts the edits of its file; returns whether there was
    /// any.
    pub fn conclude(&mut self, first: Found<'_>, last: Found<'_>) -> bool {
        let all = self.changes.keys().map(|path| (path.clone(), Vec::new())).collect();
        let verdicts = judge::judge(&all, first, last, &self.changes, |_| false);
        self.take_back(verdicts)
    }

    fn take_back(&mut self, verdicts: BTreeMap<String, String>) -> bool {
        let any = !verdicts.is_empty();
        for (path, why) in verdicts {
            self.refuse(&path, why);
        }
        any
    }

    /// Gives up on every file in which the last round could still find something to fix.
    pub fn give_up(&mut self) {
        for path in self.round.keys().cloned().collect::<Vec<_>>() {
            self.refuse(&path, "its fixes undo each other".to_owned());
        }
    }

    fn refuse(&mut self, path: &str, why: String) {
        self.changes.remove(path);
        self.refused.insert(path.to_owned(), why);
    }

    /// The edited texts.
    pub fn texts(&self) -> Texts {
        let after = |(path, change): (&String, &Change)| (path.clone(), Arc::clone(&change.after));
        self.changes.iter().map(after).collect()
    }

    /// The edited files by path.
    pub fn changes(&self) -> &BTreeMap<String, Change> {
        &self.changes
    }

    /// The files that could have been fixed and are not changed, and why.
    pub fn refused(&self) -> &BTreeMap<String, String> {
        &self.refused
    }

    /// Writes the edited files, each completely or not at all; returns whether all were written.
    pub fn write(&mut self) -> bool {
        let written: Vec<(String, Result<(), String>)> = self
            .changes
            .iter()
            .map(|(path, change)| (path.clone(), write::write(change, &self.root)))
            .collect();
        let mut all = true;
        for (path, result) in written {
            if let Err(why) = result {
                all = false;
                self.refuse(&path, why);
            }
        }
        all
    }
}
