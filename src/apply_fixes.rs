//! Checks and fixes in turns, until nothing is left to fix.

use std::path::PathBuf;

use crate::{Outcome, Progress, Request, check, fix, repo};

/// What to fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixOptions {
    /// Also fixes that change what is allowed.
    pub risky: bool,
    /// Write the files; otherwise only compute the changes.
    pub write: bool,
}

/// More rounds than any file needs: each fixes at least one finding, and most fix all.
const ROUNDS: usize = 25;

/// Checks, and fixes what can be fixed: overlapping edits are made one after the other, and the
/// pipeline checks the result of each round. Returns what remains, and the changed files.
///
/// # Errors
/// Those of [`check`]. A file that can't be written is not changed, and the summary says so.
pub fn apply_fixes(
    request: &Request,
    how: FixOptions,
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
    summary.fixed = draft.changes().values().map(|change| change.fixed).sum();
    summary.fixed_files = draft.changes().len();
    summary.not_fixed = draft.refused().clone().into_iter().collect();
    Ok((outcome, draft))
}
