//! Builds the root kustomizations and the charts of a repository, and what its Flux and Argo CD
//! objects deploy of both.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::artifact::Artifacts;
use super::deployed::{
    Build, Deployed, MOST_CHARTS, MOST_DEPLOYED, not_deployed, not_rendered, unit,
};
use crate::bundle::gitops::{self, Ask};
use crate::bundle::helm::{self, Charts};
use crate::bundle::kustomize::Kustomizations;
use crate::bundle::{self, Built, Fault, FaultKind, Head, Opening, Unit};
use crate::model::{self, Body, Object};
use crate::repo::{self, Error, Repo};
use crate::text::{SourceId, Sources, Span};
use crate::yaml::Node;

/// The built objects, and the charts that must still be rendered.
pub(crate) struct BuildOutput {
    pub(crate) built: Vec<Build>,
    pub(crate) charts: Vec<Deployed>,
}

/// Builds root kustomizations and what controllers deploy, which may contain more controller
/// objects.
pub(crate) struct Builder<'a> {
    repo: &'a Repo,
    kustomizations: &'a Kustomizations,
    charts: &'a Charts,
    directories: BTreeSet<&'a str>,
    /// The bytes that what is built may take.
    most_memory: usize,
}

/// The most objects that all kustomizations of a run may build.
const MOST: usize = 150_000;

/// How many kustomizations are built before their objects are counted.
const AT_ONCE: usize = 8;

/// Something with a directory to build.
trait Named {
    fn directory(&self) -> &str;
}

impl Named for &str {
    fn directory(&self) -> &str {
        self
    }
}

impl Named for Deployed {
    fn directory(&self) -> &str {
        &self.ask.directory
    }
}

/// More rounds of controllers that deploy controller objects than anyone has.
const ROUNDS: usize = 16;

impl<'a> Builder<'a> {
    pub(crate) fn new(
        repo: &'a Repo,
        kustomizations: &'a Kustomizations,
        charts: &'a Charts,
        most_memory: usize,
    ) -> Self {
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
        Self { repo, kustomizations, charts, directories, most_memory }
    }

    /// Builds all kustomizations, and finds the requested charts.
    pub(crate) fn build(&self, plain: &[Object]) -> BuildOutput {
        // Nobody builds a component alone: it is checked where it is included.
        let mut roots = self.kustomizations.roots();
        roots.retain(|directory| !self.kustomizations.is_component(directory));
        let mut results = Vec::new();
        self.make(&roots, &mut results, |directory| self.root(directory));
        let of_roots = results.len();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let within = |results: &[Build]| -> Vec<Deployed> {
            let asked = results.iter().flat_map(|one| self.asked_within(one));
            asked.take(MOST_DEPLOYED + 1).collect()
        };
        let mut open: Vec<Deployed> = self.asked_plainly(plain).take(MOST_DEPLOYED + 1).collect();
        open.extend(within(&results));
        let mut charts = Vec::new();
        let artifacts = Artifacts::of(&self.repo.root, &self.directories, plain, &results);
        for _ in 0..ROUNDS {
            open.retain(|one| seen.insert(one.key()));
            let left = (MOST_DEPLOYED + open.len()).saturating_sub(seen.len());
            if let Some(first) = open.get(left) {
                results.push(not_deployed(first));
                open.truncate(left);
            }
            let (of_charts, others) = open.into_iter().partition(|one| self.is_chart(&one.ask));
            charts.extend::<Vec<Deployed>>(of_charts);
            open = others;
            if open.is_empty() {
                break;
            }
            let before = results.len();
            self.make(&open, &mut results, |one| self.deploy(one, &artifacts));
            open = within(&results[before..]);
        }
        let results = self.without_roots_that_are_deployed(results, of_roots);
        BuildOutput { built: results, charts }
    }

    /// Builds each, a few at once and in parallel, until the run's limit is reached. Where that is
    /// does not depend on the number of threads.
    fn make<T: Sync + Named>(
        &self,
        all: &[T],
        results: &mut Vec<Build>,
        one: impl Fn(&T) -> Build + Sync,
    ) {
        let mut objects: usize = results.iter().map(|one| one.built.manifests.len()).sum();
        let mut memory: usize = results.iter().map(|one| one.built.memory()).sum();
        for some in all.chunks(AT_ONCE) {
            if objects > MOST || memory > self.most_memory {
                results.extend(some.iter().map(|one| self.over_limit(one.directory())));
                continue;
            }
            let built = |it: &T| {
                let Build { mut built, unit } = one(it);
                built.manifests.retain(model::matters);
                Build { built, unit }
            };
            let next: Vec<Build> = some.par_iter().map(built).collect();
            objects += next.iter().map(|one| one.built.manifests.len()).sum::<usize>();
            memory += next.iter().map(|one| one.built.memory()).sum::<usize>();
            results.extend(next);
        }
    }

    fn root(&self, directory: &str) -> Build {
        let built = self.kustomizations.build(directory);
        let unit = unit(&built, directory, None);
        Build { built, unit }
    }

    /// Reports a kustomization that is beyond the limit.
    fn over_limit(&self, directory: &str) -> Build {
        let at = self.repo.files.iter().position(|file| {
            file.role == repo::Role::Kustomization && bundle::directory(&file.path) == directory
        });
        let fault = at.map(|at| Fault {
            kind: FaultKind::Limit,
            place: Span::new(SourceId(u32::try_from(at).unwrap_or(u32::MAX)), 0, 0),
            message: format!(
                "this kustomization was not built: those before it build more than {MOST} \
                 objects, or take more than {} MiB of memory",
                self.most_memory >> 20
            ),
            help: "check the repository in parts".to_owned(),
            related: Vec::new(),
        });
        let built = Built {
            name: directory.to_owned(),
            directory: directory.to_owned(),
            faults: fault.into_iter().collect(),
            openings: vec![Opening { namespace: None, what: directory.to_owned() }],
            ..Built::default()
        };
        let unit = unit(&built, directory, None);
        Build { built, unit }
    }

    /// Renders the charts that controllers request, and all others with their default values or
    /// those in the configuration.
    ///
    /// # Errors
    /// The configuration says how to render a chart that does not exist.
    pub(crate) fn render(
        &self,
        asked: Vec<Deployed>,
        rendering: &mut helm::Run<'_>,
        sources: &mut Sources,
    ) -> Result<Vec<Build>, Error> {
        let deployed: BTreeSet<String> =
            asked.iter().map(|one| one.ask.directory.clone()).collect();
        let others = self.charts.clone().without(&deployed);
        let rendered = rendering.render(&others, sources);
        let is_unused = |path: &&String| !deployed.iter().any(|directory| *directory == **path);
        if let Some(path) = rendered.unused.iter().find(is_unused) {
            let path = crate::text::visible(path);
            return Err(Error::Helm(format!(
                "netpol-lint.toml configures the chart `{path}`, but there is no such chart"
            )));
        }
        let mut results: Vec<Build> = Vec::new();
        for (nth, one) in asked.into_iter().enumerate() {
            let Some(chart) = self.charts.get(&one.ask.directory) else { continue };
            if nth >= MOST_CHARTS {
                results.push(not_rendered(&one));
                continue;
            }
            let wanted = helm::Wanted {
                chart,
                release: one.ask.chart.release.as_deref(),
                release_place: one.ask.chart.release_place,
                namespace: one.ask.fallback.as_deref(),
                values: &one.ask.chart.values,
                inline: one.ask.chart.inline.as_ref(),
                place: one.ask.place,
                is_changed: false,
            };
            let mut built = rendering.render_one(&wanted, sources);
            with_fallback(&mut built, &one.ask);
            let unit = unit(&built, &one.ask.directory, Some(one.by));
            results.push(Build { built, unit });
        }
        for built in rendered.built {
            let directory = if built.directory == "." { "" } else { &built.directory };
            let unit = Unit { name: built.name.clone(), ..unit(&built, directory, None) };
            results.push(Build { built, unit });
        }
        results.iter_mut().for_each(|one| one.unit.is_chart = true);
        Ok(results)
    }

    /// Whether a requested directory is a chart and not a kustomization.
    fn is_chart(&self, ask: &Ask) -> bool {
        !self.kustomizations.holds(&ask.directory) && self.charts.get(&ask.directory).is_some()
    }

    /// What an object deploys from this repository.
    fn asks(&self, head: &Head, tree: &Node) -> Vec<Ask> {
        let asks = gitops::asks(head, tree, &|path| self.named(path)).into_iter();
        asks.filter(|ask| !ask.chart.is_sure || self.is_chart(ask)).collect()
    }

    /// A root that a controller deploys, directly or as part of a directory, is not applied by hand
    /// as well.
    fn without_roots_that_are_deployed(&self, results: Vec<Build>, of_roots: usize) -> Vec<Build> {
        let deployed: BTreeSet<SourceId> =
            results[of_roots..].iter().flat_map(|one| one.built.files.iter().copied()).collect();
        let files = (0u32..).zip(&self.repo.files);
        let directories: BTreeSet<&str> = files
            .filter(|(id, file)| {
                file.role == repo::Role::Kustomization && deployed.contains(&SourceId(*id))
            })
            .map(|(_, file)| bundle::directory(&file.path))
            .collect();
        let is_deployed = |unit: &Unit| directories.contains(unit.directory.as_str());
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        let kept = results.into_iter().enumerate().filter_map(
            |(number, Build { mut built, mut unit })| {
                if number < of_roots && !deployed.is_empty() && is_deployed(&unit) {
                    return None;
                }
                let nth = names.entry(unit.name.clone()).or_default();
                *nth += 1;
                if *nth > 1 {
                    unit.name = format!("{} ({nth})", unit.name);
                }
                built.name.clone_from(&unit.name);
                Some(Build { built, unit })
            },
        );
        kept.collect()
    }

    /// What controller objects among the plain manifests deploy. Objects in one directory are for
    /// one cluster.
    fn asked_plainly(&self, plain: &[Object]) -> impl Iterator<Item = Deployed> {
        plain.iter().flat_map(|object| {
            let Body::Deployer(deployer) = &object.body else { return Vec::new() };
            let asks = self.asks(&object.head, &deployer.tree).into_iter();
            let path = self.repo.files.get(object.head.source.0 as usize);
            let directory = path.map_or("", |file| bundle::directory(&file.path));
            asks.map(|ask| Deployed::of(directory, ask)).collect()
        })
    }

    /// What a controller deploys from this repository is present, so it leaves nothing open.
    pub(crate) fn mark_what_is_here(&self, objects: &mut [Object]) {
        for Object { head, body, .. } in objects {
            if let Body::Deployer(deployer) = body {
                deployer.is_here = !self.asks(head, &deployer.tree).is_empty();
            }
        }
    }

    fn asked_within(&self, Build { built, unit }: &Build) -> Vec<Deployed> {
        let by = unit.deployed_by.as_ref().unwrap_or(&unit.name);
        let manifests = built.manifests.iter();
        let asks = manifests.flat_map(|manifest| self.asks(&manifest.head, &manifest.tree));
        asks.map(|ask| Deployed::of(by, ask)).collect()
    }

    fn deploy(&self, one: &Deployed, artifacts: &Artifacts<'_>) -> Build {
        let Ask { directory, kustomization, takes_empty, source, plain, .. } = &one.ask;
        let takes = |path: &str| plain.is_some() || artifacts.have(source.as_ref(), path);
        let mut built = self.kustomizations.deploy(directory, kustomization, *takes_empty, &takes);
        self.read_as_argo(&mut built, &one.ask);
        with_fallback(&mut built, &one.ask);
        let unit = unit(&built, &one.ask.directory, Some(one.by.clone()));
        Build { built, unit }
    }

    /// Argo CD does not generate a kustomization for a directory without one.
    fn read_as_argo(&self, built: &mut Built, ask: &Ask) {
        let Some(plain) = &ask.plain else { return };
        if plain.plugin {
            built.manifests.clear();
            built.faults.clear();
            let what = ask.directory.clone();
            built.openings.push(Opening { namespace: ask.fallback.clone(), what });
            return;
        }
        if self.kustomizations.holds(&ask.directory) {
            return;
        }
        let path_of = |id: SourceId| {
            self.repo.files.get(id.0 as usize).map_or(String::new(), |file| file.path.clone())
        };
        plain.apply(built, &ask.directory, &path_of);
    }

    /// The directories of the repository that a path, or a pattern such as `apps/*`, matches. The
    /// root counts only if it has a kustomization: with everything below it, it would contain what
    /// nobody deploys together.
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

/// Sets the namespace of objects without one to the one they are deployed to.
fn with_fallback(built: &mut Built, ask: &Ask) {
    for manifest in &mut built.manifests {
        if manifest.head.namespace.is_none() {
            manifest.head.namespace.clone_from(&ask.fallback);
        }
    }
}
