//! `netpol-lint diff`: what a change opens and closes.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::Request;
use crate::comparison::{ClusterComparison, compare};
use crate::connectivity::snapshots;
use crate::placement::Snapshot;
use crate::repo::{self, Revision};
use crate::report::comparison::{json, markdown, text};

use super::interrupt;
use super::settings::Diff;
use super::values::{DiffFailOn, DiffFormat};
use super::{CLEAN, FINDINGS, Failure};

/// Compares two states, and prints the difference.
pub(super) fn run(diff: &Diff, out: &mut dyn Write) -> Result<u8, Failure> {
    let base = state(diff, Some(&diff.base))?;
    let head = state(diff, diff.head.as_deref())?;
    let clusters = compare(base, head);
    let mut out = BufWriter::new(out);
    match diff.format {
        DiffFormat::Text => text::write(&mut out, &clusters)?,
        DiffFormat::Json => json::write(&mut out, &clusters)?,
        DiffFormat::Md => markdown::write(&mut out, &clusters)?,
    }
    out.flush()?;
    Ok(if fails(diff.fail_on, &clusters) { FINDINGS } else { CLEAN })
}

fn fails(on: DiffFailOn, clusters: &[ClusterComparison]) -> bool {
    let any = |is: fn(&ClusterComparison, &crate::comparison::Change) -> bool| {
        clusters.iter().any(|cluster| cluster.changes.iter().any(|change| is(cluster, change)))
    };
    match on {
        DiffFailOn::Never => false,
        DiffFailOn::Any => !clusters.is_empty(),
        DiffFailOn::Opened => any(ClusterComparison::opens),
        DiffFailOn::Closed => any(ClusterComparison::closes),
    }
}

/// What a state allows; none is the working tree.
fn state(diff: &Diff, named: Option<&str>) -> Result<Vec<Snapshot>, Failure> {
    let cwd = &diff.request.cwd;
    let here = repo::root(&[PathBuf::from(".")], cwd)?;
    let Some(named) = named else { return allowed(&diff.request, &here) };
    let directory = cwd.join(named);
    if !named.is_empty() && directory.is_dir() {
        let real = directory.canonicalize();
        let real = real.map_err(|error| repo::Error::Path(PathBuf::from(named), error))?;
        return allowed(&diff.request, &real);
    }
    interrupt::watch();
    let revision = Revision::read(&here, named, diff.request.limits.file_bytes);
    let revision = revision.map_err(Failure::Arguments)?;
    allowed(&diff.request, revision.root())
}

/// What the files of a directory allow, which nothing around it has a say in.
fn allowed(request: &Request, root: &Path) -> Result<Vec<Snapshot>, Failure> {
    let scope = repo::Scope {
        paths: vec![root.to_owned()],
        root: Some(root.to_owned()),
        ..request.scope.clone()
    };
    match snapshots(&Request { scope, cwd: root.to_owned(), ..request.clone() }) {
        Ok(snapshots) => Ok(snapshots),
        // A state before the first manifest, or after the last.
        Err(repo::Error::NothingToRead(_)) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}
