//! `netpol-lint init`: a commented configuration that fits the repository, written once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::config::{self, Seen};
use crate::model::{self, Body, Object};
use crate::repo::{self, Repo};
use crate::resolve::Profile;
use crate::{report, yaml};

use super::terminal::Terminal;
use super::{CLEAN, Failure};

/// Names of directories that hold what others wrote.
const VENDORED: [&str; 4] = ["node_modules", "third-party", "third_party", "vendor"];

/// Writes the configuration to the root of the repository around `path`.
pub(super) fn write(path: &Path, terminal: &Terminal, out: &mut dyn Write) -> Result<u8, Failure> {
    let root = repo::root(&[path.to_owned()], terminal.cwd())?;
    let target = root.join(config::NAME);
    let shown = report::path::from(terminal.cwd(), &target);
    let text = config::scaffold(&look(&root)?);
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::Arguments(format!(
            "`{shown}` exists already; `netpol-lint config` prints what it puts in force"
        )),
        _ => Failure::ConfigFile(shown.clone(), "written", error),
    };
    // Looked for and made in one step: what exists is never overwritten.
    let mut file = OpenOptions::new().write(true).create_new(true).open(&target).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    writeln!(out, "wrote {}", crate::text::visible(&shown))?;
    Ok(CLEAN)
}

fn look(root: &Path) -> Result<Seen, Failure> {
    let scope = repo::Scope { paths: vec![root.to_owned()], ..repo::Scope::default() };
    let repo = match repo::find(&scope, root) {
        Ok(repo) => repo,
        // A repository that is about to be filled.
        Err(repo::Error::NothingToRead(_)) => return Ok(Seen::default()),
        Err(error) => return Err(error.into()),
    };
    let loaded = model::load(&repo, &scope, &yaml::Limits::default(), &|| ());
    let sets = sets(&repo, &loaded.objects);
    let objects = &loaded.objects;
    let is_openshift = |set: &Vec<u32>| {
        Profile::detect(set.iter().map(|&id| &objects[id as usize])) == Profile::OpenShift
    };
    let is_bare = |object: &&Object| {
        matches!(object.body, Body::Policy(_)) && object.head.namespace.is_none()
    };
    Ok(Seen {
        is_openshift: !sets.is_empty() && sets.values().all(is_openshift),
        vendored: vendored(&repo),
        without_namespace: objects.iter().filter(is_bare).count(),
        bundles: sets.into_keys().collect(),
    })
}

/// The bundles with policies, by their names.
fn sets(repo: &Repo, objects: &[Object]) -> BTreeMap<String, Vec<u32>> {
    let is_policy = |id: &u32| matches!(objects[*id as usize].body, Body::Policy(_));
    let bundles = crate::bundle::Grouping::default().group(&crate::items(objects, repo));
    let with_policies = bundles.into_iter().filter(|set| set.members.iter().any(is_policy));
    with_policies.filter(|set| set.trial.is_none()).map(|set| (set.name, set.members)).collect()
}

/// The topmost directories that hold what others wrote.
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
