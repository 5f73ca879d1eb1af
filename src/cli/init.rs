//! `netpol-lint init`: a commented configuration that fits the repository, written once.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::bundle::{ObjectId, Site};
use crate::config::{self, Seen};
use crate::model::{Body, Object};
use crate::repo::{self, Repo};
use crate::resolve::Profile;
use crate::{Assembly, Request, report};

use super::terminal::Terminal;
use super::{CLEAN, Failure};

/// Names of directories with third-party files.
const VENDORED: [&str; 4] = ["node_modules", "third-party", "third_party", "vendor"];

/// Writes the configuration to the root of the repository around `path`.
pub(super) fn write(path: &Path, terminal: &Terminal, out: &mut dyn Write) -> Result<u8, Failure> {
    let root = repo::root(&[path.to_owned()], terminal.cwd())?;
    let text = config::scaffold(&look(&root)?);
    let hint = "`netpol-lint config` prints the settings";
    create(&root.join(config::NAME), &text, hint, terminal, out)
}

/// Writes a file that is not there yet; `hint` says what to do where it is.
pub(super) fn create(
    target: &Path,
    text: &str,
    hint: &str,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let shown = report::path::from(terminal.cwd(), target);
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::Arguments(format!("`{shown}` already exists; {hint}")),
        _ => Failure::ConfigFile(shown.clone(), "written", error),
    };
    // Checked and created in one step: an existing file is never overwritten.
    let mut file = OpenOptions::new().write(true).create_new(true).open(target).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    writeln!(out, "wrote {}", crate::text::visible(&shown))?;
    Ok(CLEAN)
}

fn look(root: &Path) -> Result<Seen, Failure> {
    let scope = repo::Scope { paths: vec![root.to_owned()], ..repo::Scope::default() };
    let request = Request { cwd: root.to_owned(), scope, ..Request::default() };
    let repo = match repo::find(&request.scope, root) {
        Ok(repo) => repo,
        // A repository without files yet.
        Err(repo::Error::NothingToRead(_)) => return Ok(Seen::default()),
        Err(error) => return Err(error.into()),
    };
    let assembly = Assembly::of(request.options(), &repo, &())?;
    let sites = sites(&assembly);
    let objects = &assembly.objects;
    let is_openshift = |site: &&Site| {
        Profile::detect(site.members.iter().map(|&id| &objects[id.position()]))
            == Profile::OpenShift
    };
    let is_bare = |object: &&Object| {
        matches!(object.body, Body::Policy(_)) && object.head.namespace.is_none()
    };
    Ok(Seen {
        is_openshift: !sites.is_empty() && sites.iter().all(is_openshift),
        vendored: vendored(&repo),
        without_namespace: objects.iter().filter(is_bare).count(),
        bundles: sites.into_iter().map(|site| site.name.clone()).collect(),
    })
}

/// The sites with policies, except those of tests and examples.
fn sites(assembly: &Assembly) -> Vec<&Site> {
    let is_policy = |id: &ObjectId| matches!(assembly.objects[id.position()].body, Body::Policy(_));
    let sites = assembly.grouped.sites.iter().filter(|site| site.trial.is_none());
    sites.filter(|site| site.members.iter().any(is_policy)).collect()
}

/// The topmost directories with third-party files.
fn vendored(repo: &Repo) -> Vec<String> {
    let mut found = BTreeSet::new();
    for file in &repo.files {
        let parts: Vec<&str> = file.path.split('/').collect();
        let directories = &parts[..parts.len() - 1];
        if let Some(at) = directories.iter().position(|name| VENDORED.contains(name)) {
            found.insert(directories[..=at].join("/"));
        }
    }
    found.into_iter().collect()
}
