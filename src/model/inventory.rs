//! What runs elsewhere, as supplied by the user: context that is never linted.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Body, Object, decode};
use crate::bundle::heads;
use crate::repo::Boundary;
use crate::text::{Origin, Source, Sources, visible};
use crate::yaml::{self, Limits, ProblemKind};

/// A file with an inventory, and where its name comes from.
#[derive(Clone, Debug)]
pub enum InventoryFile {
    /// The user: an absolute path.
    Given(PathBuf),
    /// The repository's configuration: a path in the repository, relative to its root.
    Written(String),
}

/// Reads an inventory: manifests as `kubectl get ns,deploy,sts,ds,pods,svc -A -o yaml` (or `json`)
/// lists them, or as `netpol-lint inventory` writes them.
///
/// # Errors
/// Why it can't be read, in a sentence. With a partial inventory, selectors would seem to match
/// nothing, so an error stops the run.
pub fn inventory(
    file: &InventoryFile,
    root: &Path,
    limits: &Limits,
    sources: &mut Sources,
) -> Result<Vec<Object>, String> {
    let most = limits.file_bytes.saturating_mul(8);
    let boundary = Boundary::new(root);
    let (path, read) = match file {
        InventoryFile::Given(path) => (path.clone(), boundary.read_given(path, most)),
        InventoryFile::Written(path) => (root.join(path), boundary.read(Path::new(path), most)),
    };
    let shown = visible(&path.display().to_string()).into_owned();
    let bytes = read.map_err(|error| {
        let text = error.to_string();
        format!(
            "the inventory `{shown}` can't be read: {}",
            text.split(" (os").next().unwrap_or(&text)
        )
    })?;
    let text: Arc<str> = String::from_utf8(bytes)
        .map_err(|_| format!("the inventory `{shown}` is not UTF-8"))?
        .into();
    let origin = Origin::File(path);
    let id = sources.add(Source::with_text(shown.clone(), origin, Arc::clone(&text)));
    let nodes = limits.nodes.saturating_mul(8);
    let limits = Limits { file_bytes: most, nodes, ..*limits };
    let stream = yaml::read(id, &text, 0..text.len(), None, &limits);
    if let Some(problem) = stream.problems.first() {
        let what = match &problem.kind {
            ProblemKind::Syntax(what) | ProblemKind::Limit(what) => what.as_str(),
            ProblemKind::Template => "it is a template",
            ProblemKind::NotUtf8 => "it is not UTF-8",
        };
        let line = sources.start(problem.span).line;
        return Err(format!("the inventory `{shown}` can't be read: line {line}: {what}"));
    }
    let mut objects = Vec::new();
    for document in &stream.documents {
        objects.extend(heads(&document.root).into_iter().map(|(head, tree)| decode(head, &tree)));
    }
    if objects.is_empty() {
        return Err(format!(
            "the inventory `{shown}` contains no manifest: create one with `kubectl get \
             ns,deploy,sts,ds,pods,svc -A -o yaml` or `netpol-lint inventory`"
        ));
    }
    // The pods of one controller are one workload.
    let mut owners = HashSet::new();
    objects.retain(|object| match &object.body {
        Body::Workloads(list) => list.iter().all(|workload| {
            let owner = workload.owner.clone();
            owner.is_none_or(|owner| owners.insert((object.head.namespace.clone(), owner)))
        }),
        _ => true,
    });
    objects.retain(|object| {
        !matches!(
            object.body,
            Body::Other | Body::Deployer(_) | Body::GitSource(_) | Body::TestCase(_)
        )
    });
    Ok(objects)
}

/// Removes from an inventory what the repository contains itself.
pub fn without_own(inventory: Vec<Object>, own: &[Object]) -> Vec<Object> {
    let identity = |object: &Object| {
        let head = &object.head;
        (head.kind.clone(), head.namespace.clone(), head.name.clone())
    };
    let known: HashSet<_> = own.iter().map(identity).collect();
    inventory.into_iter().filter(|object| !known.contains(&identity(object))).collect()
}
