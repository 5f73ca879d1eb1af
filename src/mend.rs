//! Checking and mending in turns, until nothing is left to mend.

use std::path::PathBuf;

use crate::{Outcome, Progress, Request, check, fix, repo};

/// How far fixes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mending {
    /// Also those that change what is allowed.
    pub risky: bool,
    /// Write the files; else only work out what would be written.
    pub write: bool,
}

/// More rounds than any file needs: each mends at least one finding, and most mend all.
const ROUNDS: usize = 25;

/// Checks, and mends what can be mended: edits that overlap are made one after the other, and each
/// round is judged by what the pipeline then finds. What remains, and the changed files.
///
/// # Errors
/// Those of [`check`]. A file that can't be written is left as it is, and the summary says so.
pub fn mend(
    request: &Request,
    how: Mending,
    progress: &dyn Progress,
) -> Result<(Outcome, fix::Draft), repo::Error> {
    let mut request = request.clone();
    let given: Vec<PathBuf> = request.scope.paths.iter().map(|p| request.cwd.join(p)).collect();
    let first = check(&request, progress)?;
    let mut draft = fix::Draft::new(&first.root, &given, how.risky);
    let mut rounds = 0;
    let mut last = None;
    while rounds < ROUNDS {
        let outcome = last.as_ref().unwrap_or(&first);
        if !draft.edit(&outcome.findings, &outcome.sources) {
            break;
        }
        rounds += 1;
        request.scope.edited = draft.texts();
        let mut next = check(&request, &())?;
        if draft.judge(outcome.found(), next.found()) {
            request.scope.edited = draft.texts();
            next = check(&request, &())?;
        }
        last = Some(next);
    }
    if rounds == ROUNDS {
        draft.give_up();
    }
    let refused = last.as_ref().is_some_and(|last| draft.conclude(first.found(), last.found()));
    let unwritten = how.write && !draft.write();
    let mut outcome = last.unwrap_or(first);
    if rounds == ROUNDS || refused || unwritten {
        request.scope.edited = draft.texts();
        outcome = check(&request, &())?;
    }
    let summary = &mut outcome.summary;
    summary.mended = draft.changes().values().map(|change| change.mended).sum();
    summary.mended_files = draft.changes().len();
    summary.not_mended = draft.refused().clone().into_iter().collect();
    Ok((outcome, draft))
}
