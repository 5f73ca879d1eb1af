//! From a repository to the objects that run together: plain manifests, what kustomizations and
//! charts build, and what controllers deploy of both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::bundle::helm::{self, Charts};
use crate::bundle::kustomize::Kustomizations;
use crate::bundle::{self, Grouped, Grouping, Head, Item, Unit};
use crate::model::{self, Body, Duplicate, InventoryFile, Loaded, Object};
use crate::progress::{Clock, Progress};
use crate::repo::{self, Error, Repo, Scope};
use crate::text::{SourceId, Sources, Span};
use crate::yaml::Limits;

mod artifact;
mod build;
mod deployed;
mod expectations;
mod losses;
mod reported;

use build::Builder;
pub use deployed::Build;
use expectations::Expectations;
pub(crate) use losses::Losses;
pub use losses::NotBuilt;
pub(crate) use reported::Reported;

/// What decides how a repository is read and built.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Which files are read.
    pub scope: &'a Scope,
    /// Limits on what one file may cost.
    pub limits: &'a Limits,
    /// Which manifests are applied together.
    pub grouping: &'a Grouping,
    /// How Helm charts are rendered.
    pub helm: &'a helm::Helm,
    /// What runs in the cluster, besides the repository.
    pub inventories: &'a [InventoryFile],
}

/// The objects of a repository, and how they are applied together.
#[derive(Debug)]
pub struct Assembly {
    /// The sources of all spans.
    pub sources: Sources,
    /// The plain manifests as read; their objects are in `objects`.
    pub loaded: Loaded,
    /// All objects: the plain ones in the order of their places, then the built ones.
    pub objects: Arc<Vec<Object>>,
    /// What kustomizations and charts built; their manifests are among the objects.
    pub builds: Vec<Build>,
    /// The bundles and the sites.
    pub grouped: Arc<Grouped>,
}

impl Assembly {
    /// Reads and groups everything in `repo`.
    ///
    /// # Errors
    /// An inventory that can't be read.
    pub fn of(options: Options<'_>, repo: &Repo, progress: &dyn Progress) -> Result<Self, Error> {
        Self::timed(options, repo, progress, &mut Clock::start())
    }

    pub(crate) fn timed(
        options: Options<'_>,
        repo: &Repo,
        progress: &dyn Progress,
        clock: &mut Clock,
    ) -> Result<Self, Error> {
        let Options { scope, limits, .. } = options;
        let mut sources = Sources::of(repo);
        let mut kustomizations =
            Kustomizations::find(repo, scope, &mut sources, limits, Some(&model::Relevance));
        let charts = helm::charts(repo);
        let mut rendering = helm::Run::new(repo, options.helm, limits, Some(&model::Relevance));
        inflate(&mut kustomizations, &charts, &mut rendering, &mut sources);
        let bundled = |path: &str| kustomizations.files().contains(path);
        let tick = || progress.file_done();
        let mut loaded = model::load(
            repo,
            scope,
            limits,
            &mut sources,
            &bundled,
            kustomizations.memory(),
            &tick,
        );
        for file in kustomizations.read_files() {
            loaded.files += 1;
            loaded.documents += file.seen;
            if file.is_plain {
                loaded.take_in_plain(&file);
            }
            if repo.files.get(file.source.0 as usize).is_some_and(|file| file.reported) {
                loaded.take_in(&file, &sources, limits);
            }
        }
        clock.stage("read");
        let mut plain = std::mem::take(&mut loaded.objects);
        Expectations::of(&plain, repo).take_out(&mut plain, repo);
        let builder = Builder::new(repo, &kustomizations, &charts, limits.memory << 20);
        let output = builder.build(&plain);
        let mut all = output.built;
        all.extend(builder.render(output.charts, &mut rendering, &mut sources)?);
        // An object of a directory that a controller deploys must not count twice.
        let of_bundles: BTreeSet<SourceId> =
            all.iter().flat_map(|one| one.built.files.iter().copied()).collect();
        plain.retain(|object| !of_bundles.contains(&object.head.source));
        let (objects, duplicates) = decode(&mut all, repo);
        plain.extend(objects);
        loaded.duplicates.extend(duplicates.into_iter().filter(|duplicate| {
            let template = repo.files.get(duplicate.place().source.0 as usize);
            template.is_some_and(|file| file.reported && file.role == repo::Role::ChartTemplate)
        }));
        model::in_order(&mut loaded.duplicates);
        let homes = replace_by_piped(&mut plain, repo);
        builder.mark_what_is_here(&mut plain);
        let given = plain.len();
        for file in options.inventories {
            let inventory = model::inventory(file, &repo.root, limits, &mut sources);
            let inventory = inventory.map_err(Error::Inventory)?;
            plain.extend(model::without_own(inventory, &plain[..given]));
        }
        clock.stage("build");
        let mut items = items(&plain, repo, &kustomizations, &homes);
        items[given..].iter_mut().for_each(|item| item.given = true);
        let units: Vec<&Unit> = all.iter().map(|one| &one.unit).collect();
        let grouped = Arc::new(options.grouping.group(&items, &units));
        clock.stage("group");
        Ok(Self { sources, loaded, objects: Arc::new(plain), builds: all, grouped })
    }
}

/// Renders the charts that kustomizations use, if they are in the repository.
fn inflate(
    kustomizations: &mut Kustomizations,
    charts: &Charts,
    rendering: &mut helm::Run<'_>,
    sources: &mut Sources,
) {
    for call in kustomizations.charts() {
        let directory = call.home.as_ref().map(|home| match home.as_str() {
            "" => call.name.clone(),
            home => format!("{home}/{}", call.name),
        });
        let Some(chart) = directory.and_then(|directory| charts.get(&directory)) else { continue };
        let wanted = helm::Wanted {
            chart,
            release: call.release.as_deref(),
            release_place: call.release_place,
            namespace: call.namespace.as_deref(),
            values: &call.values,
            inline: call.inline_values.as_ref(),
            place: call.place,
            is_changed: true,
        };
        let built = rendering.render_one(&wanted, sources);
        kustomizations.provide(call.place, built);
    }
}

/// The objects of everything that was built, taking out its manifests, and the keys that charts
/// write twice. A kustomization never builds a file with duplicate keys.
fn decode(builds: &mut [Build], repo: &Repo) -> (Vec<Object>, Vec<Duplicate>) {
    let is_template = |source: SourceId| {
        let file = repo.files.get(source.0 as usize);
        file.is_some_and(|file| file.role == repo::Role::ChartTemplate)
    };
    let (objects, duplicates): (Vec<Vec<Object>>, Vec<Vec<Duplicate>>) = builds
        .par_iter_mut()
        .enumerate()
        .map(|(number, build)| {
            let manifests = std::mem::take(&mut build.built.manifests);
            let duplicates = match build.unit.is_chart {
                true => model::of_rendered(&manifests),
                false => Vec::new(),
            };
            (model::decoded(number, manifests, &is_template), duplicates)
        })
        .unzip();
    (objects.into_iter().flatten().collect(), duplicates.into_iter().flatten().collect())
}

/// Replaces the repository's object of the same kind and name by the piped one, so that it is
/// checked in that object's context and not beside it. Returns the paths of the files whose objects
/// were replaced.
fn replace_by_piped<'a>(objects: &mut Vec<Object>, repo: &'a Repo) -> BTreeMap<usize, &'a str> {
    let mut homes = BTreeMap::new();
    let stdin = repo.files.iter().position(|file| file.role == repo::Role::Stdin);
    let is_piped = |object: &Object| {
        Some(object.head.source.0 as usize) == stdin && !object.head.name.is_empty()
    };
    let piped: Vec<Object> = objects.iter().filter(|it| is_piped(it)).cloned().collect();
    let mut placed: BTreeSet<(Span, &str)> = BTreeSet::new();
    let mut gone: BTreeSet<usize> = BTreeSet::new();
    for (at, object) in objects.iter_mut().enumerate() {
        let Some(new) = piped.iter().find(|new| !is_piped(object) && is_same(new, object)) else {
            continue;
        };
        let file = repo.files.get(object.head.source.0 as usize);
        let path = file.map_or("", |file| file.path.as_str());
        let is_first = placed.insert((new.head.start, bundle::directory(path)));
        match &mut object.made {
            // Overlays do not change the piped object.
            Some(made) => made.writes.clear(),
            None if !is_first => {
                gone.insert(at);
            }
            None => {
                homes.insert(at, path);
            }
        }
        let namespace = new.head.namespace.clone().or(object.head.namespace.take());
        object.head = Head { namespace, ..new.head.clone() };
        object.body = new.body.clone();
    }
    let replaced: BTreeSet<Span> = placed.into_iter().map(|(start, _)| start).collect();
    let mut at = 0;
    let mut kept = BTreeMap::new();
    let mut number = 0;
    objects.retain(|object| {
        let is_original = is_piped(object)
            && object.made.is_none()
            && !homes.contains_key(&at)
            && replaced.contains(&object.head.start);
        let stays = !is_original && !gone.contains(&at);
        if stays {
            kept.extend(homes.get(&at).map(|path| (number, *path)));
            number += 1;
        }
        at += 1;
        stays
    });
    kept
}

/// Whether a piped object is the one in the repository. A built object has a namespace that its
/// manifest need not have.
fn is_same(piped: &Object, object: &Object) -> bool {
    let (new, old) = (&piped.head, &object.head);
    let is_given = new.namespace.is_none() && object.made.is_some();
    new.kind == old.kind
        && new.group == old.group
        && new.name == old.name
        && (new.namespace == old.namespace || is_given)
}

/// The objects as input for grouping; `homes` are the paths of those that replace others.
fn items<'a>(
    objects: &'a [Object],
    repo: &'a Repo,
    kustomizations: &Kustomizations,
    homes: &BTreeMap<usize, &'a str>,
) -> Vec<Item<'a>> {
    let item = |(at, object): (usize, &'a Object)| {
        let file = repo.files.get(object.head.source.0 as usize);
        let path = file.map_or("", |file| file.path.as_str());
        let path = homes.get(&at).copied().unwrap_or(path);
        let namespace = object.head.namespace.as_deref().unwrap_or_default();
        let other_kind = match &object.body {
            Body::Tiered(policy) => Some(policy.kind.name()),
            _ => None,
        };
        let kind = other_kind.unwrap_or(&object.head.kind);
        let identity = (kind, namespace, object.head.name.as_str());
        let is_workload = matches!(object.body, Body::Workloads(_));
        let counts = (is_workload || object.is_policy() || other_kind.is_some())
            && !object.head.name.is_empty();
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
    objects.iter().enumerate().map(item).collect()
}
