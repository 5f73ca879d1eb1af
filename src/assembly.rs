//! From a repository to the objects that run together: what is written as it stands, what
//! kustomizations and charts make, and what controllers are told to deploy of both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::bundle::gitops::{self, Ask};
use crate::bundle::kustomize::Kustomizations;
use crate::bundle::{self, Built, Grouped, Item, Manifest, Unit};
use crate::clock::Clock;
use crate::model::{self, Body, Loaded, Object};
use crate::repo::{self, Error, Repo};
use crate::text::{SourceId, Sources};
use crate::{Progress, Request};

/// The objects of a repository, and how they are applied together.
#[derive(Debug)]
pub struct Assembly {
    /// The texts that all places lie in.
    pub sources: Sources,
    /// What was read of the plain manifests; its objects are below.
    pub loaded: Loaded,
    /// All objects: the plain ones in the order of their places, then those that are made.
    pub objects: Arc<Vec<Object>>,
    /// What kustomizations and charts made; their manifests are among the objects.
    pub built: Vec<Built>,
    /// The bundles and the sites.
    pub grouped: Grouped,
}

impl Assembly {
    /// Reads and groups everything in `repo`.
    ///
    /// # Errors
    /// An inventory that can't be read.
    pub fn of(request: &Request, repo: &Repo, progress: &dyn Progress) -> Result<Self, Error> {
        Self::timed(request, repo, progress, &mut Clock::start())
    }

    pub(crate) fn timed(
        request: &Request,
        repo: &Repo,
        progress: &dyn Progress,
        clock: &mut Clock,
    ) -> Result<Self, Error> {
        let (scope, limits) = (&request.scope, &request.limits);
        let mut sources = Sources::of(repo);
        let kustomizations = Kustomizations::find(repo, scope, &mut sources, limits);
        let bundled = |path: &str| kustomizations.files().contains(path);
        let tick = || progress.file_done();
        let mut loaded = model::load(repo, scope, limits, &mut sources, &bundled, &tick);
        for part in kustomizations.parts() {
            loaded.files += 1;
            loaded.documents += part.documents.len() + part.problems.len();
            if repo.files.get(part.source.0 as usize).is_some_and(|file| file.reported) {
                sources.get(part.source).keep_text(Arc::clone(part.text));
                loaded.take_in(&part, limits);
            }
        }
        clock.stage("read");
        let mut plain = std::mem::take(&mut loaded.objects);
        let making = Making::new(repo, &kustomizations);
        let made = making.all(&plain);
        let (mut built, units): (Vec<Built>, Vec<Unit>) = made.into_iter().unzip();
        // What a controller deploys of a directory is not there a second time.
        let of_bundles: BTreeSet<SourceId> =
            built.iter().flat_map(|one| one.files.iter().copied()).collect();
        plain.retain(|object| !of_bundles.contains(&object.head.source));
        plain.extend(decode(&mut built));
        making.mark_what_is_here(&mut plain);
        let given = plain.len();
        for path in &request.inventories {
            let inventory = model::inventory(&repo.root.join(path), limits, &mut sources);
            let inventory = inventory.map_err(Error::Inventory)?;
            plain.extend(model::without_own(inventory, &plain[..given]));
        }
        clock.stage("build");
        let mut items = items(&plain, repo, &kustomizations);
        items[given..].iter_mut().for_each(|item| item.given = true);
        let grouped = request.grouping.group(&items, &units);
        clock.stage("group");
        Ok(Self { sources, loaded, objects: Arc::new(plain), built, grouped })
    }
}

/// The objects of all that was made, whose manifests are taken out.
fn decode(built: &mut [Built]) -> Vec<Object> {
    let manifests: Vec<Vec<Manifest>> =
        built.iter_mut().map(|one| std::mem::take(&mut one.manifests)).collect();
    let decoded: Vec<Vec<Object>> = manifests
        .into_par_iter()
        .enumerate()
        .map(|(number, manifests)| model::decoded(number, manifests))
        .collect();
    decoded.into_iter().flatten().collect()
}

/// The objects as grouping sees them.
fn items<'a>(
    objects: &'a [Object],
    repo: &'a Repo,
    kustomizations: &Kustomizations,
) -> Vec<Item<'a>> {
    let item = |object: &'a Object| {
        let file = repo.files.get(object.head.source.0 as usize);
        let path = file.map_or("", |file| file.path.as_str());
        let namespace = object.head.namespace.as_deref().unwrap_or_default();
        let identity = (object.head.kind.as_str(), namespace, object.head.name.as_str());
        let is_workload = matches!(object.body, Body::Workloads(_));
        let counts =
            (is_workload || matches!(object.body, Body::Policy(_))) && !object.head.name.is_empty();
        let built = object.made.as_ref().map(|made| made.built);
        Item {
            path,
            alone: built.is_none() && file.is_some_and(|f| f.role == repo::Role::Markdown),
            loose: built.is_none() && kustomizations.holds(bundle::directory(path)),
            identity: counts.then_some(identity),
            workload: is_workload.then_some(object.head.start),
            built,
            given: false,
        }
    };
    objects.iter().map(item).collect()
}

/// A controller's object, which may have more deployed: with what deployed it itself.
struct Deployed {
    ask: Ask,
    by: String,
}

/// Makes everything that the repository has made: its root kustomizations, and what controllers
/// are told to deploy, which may hold more controllers' objects.
struct Making<'a> {
    repo: &'a Repo,
    kustomizations: &'a Kustomizations,
    directories: BTreeSet<&'a str>,
}

/// More rounds of controllers that deploy controllers' objects than anyone has.
const ROUNDS: usize = 16;

impl<'a> Making<'a> {
    fn new(repo: &'a Repo, kustomizations: &'a Kustomizations) -> Self {
        let mut directories = BTreeSet::new();
        for file in &repo.files {
            let mut path = file.path.as_str();
            while let Some((directory, _)) = path.rsplit_once('/') {
                if !directories.insert(directory) {
                    break;
                }
                path = directory;
            }
        }
        Self { repo, kustomizations, directories }
    }

    fn all(&self, plain: &[Object]) -> Vec<(Built, Unit)> {
        let roots = self.kustomizations.roots();
        let mut made: Vec<(Built, Unit)> = roots
            .par_iter()
            .map(|directory| {
                let built = self.kustomizations.build(directory);
                let unit = unit(&built, directory, None);
                (built, unit)
            })
            .collect();
        let of_roots = made.len();
        let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
        let mut open: Vec<Deployed> = self.asked_plainly(plain);
        open.extend(made.iter().flat_map(|(built, unit)| self.asked_within(built, unit)));
        for _ in 0..ROUNDS {
            open.retain(|one| seen.insert((one.ask.directory.clone(), one.ask.by.clone())));
            if open.is_empty() {
                break;
            }
            let next: Vec<(Built, Unit)> = open.par_iter().map(|one| self.deploy(one)).collect();
            open = next.iter().flat_map(|(built, unit)| self.asked_within(built, unit)).collect();
            made.extend(next);
        }
        self.without_roots_that_are_deployed(made, of_roots)
    }

    /// A root that a controller deploys, by itself or as part of a directory, is not applied
    /// by hand as well.
    fn without_roots_that_are_deployed(
        &self,
        made: Vec<(Built, Unit)>,
        of_roots: usize,
    ) -> Vec<(Built, Unit)> {
        let deployed: BTreeSet<SourceId> =
            made[of_roots..].iter().flat_map(|(built, _)| built.files.iter().copied()).collect();
        let file_of = |directory: &str| {
            self.repo.files.iter().position(|file| {
                file.role == repo::Role::Kustomization && bundle::directory(&file.path) == directory
            })
        };
        let is_deployed = |unit: &Unit| {
            let file = file_of(&unit.directory);
            file.is_some_and(|id| deployed.contains(&SourceId(id as u32)))
        };
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        let kept = made.into_iter().enumerate().filter_map(|(number, (mut built, mut unit))| {
            if number < of_roots && !deployed.is_empty() && is_deployed(&unit) {
                return None;
            }
            let nth = names.entry(unit.name.clone()).or_default();
            *nth += 1;
            if *nth > 1 {
                unit.name = format!("{} ({nth})", unit.name);
            }
            built.name.clone_from(&unit.name);
            Some((built, unit))
        });
        kept.collect()
    }

    /// What controllers' objects among the plain manifests have deployed. Objects of one
    /// directory are for one cluster.
    fn asked_plainly(&self, plain: &[Object]) -> Vec<Deployed> {
        let mut found = Vec::new();
        for object in plain {
            let Body::Deployer(deployer) = &object.body else { continue };
            let asks = gitops::asks(&object.head, &deployer.tree, &|path| self.named(path));
            let path = self.repo.files.get(object.head.source.0 as usize);
            let directory = path.map_or("", |file| bundle::directory(&file.path));
            found
                .extend(asks.into_iter().map(|ask| Deployed { by: cluster(directory, &ask), ask }));
        }
        found
    }

    /// What a controller deploys from this repository is there, and leaves nothing open.
    fn mark_what_is_here(&self, objects: &mut [Object]) {
        for Object { head, body, .. } in objects {
            if let Body::Deployer(deployer) = body {
                let asks = gitops::asks(head, &deployer.tree, &|path| self.named(path));
                deployer.is_here = !asks.is_empty();
            }
        }
    }

    fn asked_within(&self, built: &Built, unit: &Unit) -> Vec<Deployed> {
        let by = unit.deployed_by.as_ref().unwrap_or(&unit.name);
        let asks = built.manifests.iter().flat_map(|manifest| {
            gitops::asks(&manifest.head, &manifest.tree, &|path| self.named(path))
        });
        asks.map(|ask| Deployed { by: cluster(by, &ask), ask }).collect()
    }

    fn deploy(&self, one: &Deployed) -> (Built, Unit) {
        let mut built = self.kustomizations.build_from(&one.ask.directory, &one.ask.kustomization);
        for manifest in &mut built.manifests {
            if manifest.head.namespace.is_none() {
                manifest.head.namespace.clone_from(&one.ask.fallback);
            }
        }
        let unit = unit(&built, &one.ask.directory, Some(one.by.clone()));
        (built, unit)
    }

    /// The directories of the repository that a path, or a pattern such as `apps/*`, names. The
    /// root counts only where it has a kustomization: with everything below it, it would hold
    /// what no one deploys together.
    fn named(&self, path: &str) -> Vec<String> {
        let Some(path) = bundle::path_from("", path) else { return Vec::new() };
        let holds = |directory: &str| {
            self.directories.contains(directory) || self.kustomizations.holds(directory)
        };
        if path.is_empty() {
            return self.kustomizations.holds("").then(String::new).into_iter().collect();
        }
        if !path.contains('*') {
            return holds(&path).then_some(path).into_iter().collect();
        }
        let depth = path.matches('/').count();
        let Ok(pattern) = repo::PathSet::new(&[format!("/{path}")]) else { return Vec::new() };
        let all =
            self.directories.iter().filter(|directory| directory.matches('/').count() == depth);
        all.filter(|directory| pattern.holds(directory)).map(|name| (*name).to_owned()).collect()
    }
}

/// What runs side by side: what the same place asks for, in the same cluster.
fn cluster(place: &str, ask: &Ask) -> String {
    let place = if place.is_empty() { "." } else { place };
    match &ask.destination {
        Some(destination) => format!("{place} (to {destination})"),
        None => place.to_owned(),
    }
}

fn unit(built: &Built, directory: &str, deployed_by: Option<String>) -> Unit {
    Unit {
        name: if directory.is_empty() { ".".to_owned() } else { directory.to_owned() },
        directory: directory.to_owned(),
        namespace: built.namespace.as_ref().map(ToString::to_string),
        deployed_by,
    }
}
