//! netpol-lint reads a repository of Kubernetes manifests, works out offline which pods each
//! NetworkPolicy selects and which connections it allows, and points at the line that is wrong.
//!
//! Data flows one way, through one folder per stage; each knows only the ones before it:
//! [`repo`] → [`text`] → [`yaml`] → [`bundle`] → [`model`] → [`resolve`] → [`reach`] → [`lint`] →
//! [`settle`] → [`report`]. [`check`] is that table as code.

#![warn(missing_docs)]

pub mod bundle;
#[cfg(feature = "cli")]
pub mod cli;
pub mod lint;
pub mod model;
pub mod reach;
pub mod repo;
pub mod report;
pub mod resolve;
pub mod settle;
pub mod text;
pub mod yaml;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lint::Finding;
use model::{Body, Loaded, Object};
use repo::Repo;
use resolve::{Cluster, Members, Open, Openness, Settings};
use text::{SourceId, Sources, Span};

/// What to check and how; the command line's arguments, understood.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The working directory, which relative paths start from.
    pub cwd: PathBuf,
    /// What to report on, and which files count: see [`repo::find`].
    pub scope: repo::Scope,
    /// Which findings are shown.
    pub selection: settle::Selection,
    /// Bounds on what one file may cost.
    pub limits: yaml::Limits,
    /// The kind of cluster, for where its DNS lives; none to detect it from the manifests.
    pub profile: Option<resolve::Profile>,
}

/// What a run found and read.
#[derive(Debug)]
pub struct Outcome {
    /// The texts that the findings' spans lie in.
    pub sources: Sources,
    /// The findings to report, in order: path, position, rule.
    pub findings: Vec<Finding>,
    /// What was read.
    pub summary: Summary,
    /// The repository's root, to which reported paths are relative.
    pub root: PathBuf,
}

/// The figures of the closing line.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// YAML and JSON files read (with their context).
    pub files: usize,
    /// Documents in them.
    pub documents: usize,
    /// NetworkPolicies.
    pub policies: usize,
    /// Workloads.
    pub workloads: usize,
    /// Findings held back by suppressions.
    pub suppressed: usize,
    /// Kustomizations that were recognised and left out.
    pub kustomizations: usize,
    /// Helm charts that were recognised and left out.
    pub charts: usize,
    /// Paths that were passed by, with the reason.
    pub left_out: Vec<(String, &'static str)>,
    /// How long it took.
    pub time: Duration,
    /// How long each stage took, in their order.
    pub stages: Vec<(&'static str, Duration)>,
}

/// Told how far a run is, from several threads at once.
pub trait Progress: Sync {
    /// So many files are to be read.
    fn files(&self, count: usize) {
        let _ = count;
    }
    /// One more has been read.
    fn file_done(&self) {}
}

/// Says nothing.
impl Progress for () {}

/// Reads, resolves and judges: the whole pipeline.
///
/// # Errors
/// What stops the run: a path that does not exist, a glob that is none, no YAML or JSON file at
/// all under the given paths. Bad input in a file is a finding.
pub fn check(request: &Request, progress: &dyn Progress) -> Result<Outcome, repo::Error> {
    let mut clock = Clock::start();
    let repo = repo::find(&request.scope, &request.cwd)?;
    clock.stage("walk");
    progress.files(repo.files.len());
    let stdin = request.scope.stdin.as_deref();
    let mut loaded = model::load(&repo, stdin, &request.limits, &|| progress.file_done());
    clock.stage("read");
    let objects = Arc::new(std::mem::take(&mut loaded.objects));
    let bundles = bundle::group(&items(&objects, &repo));
    clock.stage("bundle");
    let found = lint_bundles(request, &repo, &loaded, &objects, &bundles);
    clock.stage("lint");
    let holders = holders(&objects, &bundles);
    let mut findings =
        settle::merge(found, &|place| holders.get(&place.source).copied().unwrap_or(1));
    let problems = loaded.problems.iter();
    let problems = problems.filter(|problem| is_reported(&repo, problem.span.source));
    findings.extend(problems.map(lint::run::unread));
    let unreadable = loaded.unreadable.iter();
    findings.extend(unreadable.map(|(id, why)| lint::run::unreadable(Span::new(*id, 0, 0), why)));
    let findings = settle::settle(findings, &request.selection, &loaded.sources);
    clock.stage("settle");
    let summary = summary(&repo, &loaded, &objects, clock);
    Ok(Outcome { sources: loaded.sources, findings, summary, root: repo.root })
}

/// Measures the stages of a run.
struct Clock {
    started: Instant,
    last: Instant,
    stages: Vec<(&'static str, Duration)>,
}

impl Clock {
    fn start() -> Self {
        let now = Instant::now();
        Self { started: now, last: now, stages: Vec::new() }
    }

    fn stage(&mut self, name: &'static str) {
        let now = Instant::now();
        self.stages.push((name, now - self.last));
        self.last = now;
    }
}

fn is_reported(repo: &Repo, source: SourceId) -> bool {
    repo.files.get(source.0 as usize).is_some_and(|file| file.reported)
}

/// The objects as grouping sees them.
fn items<'a>(objects: &'a [Object], repo: &'a Repo) -> Vec<bundle::Item<'a>> {
    let item = |object: &'a Object| {
        let file = &repo.files[object.head.source.0 as usize];
        let namespace = object.head.namespace.as_deref().unwrap_or_default();
        let identity = (object.head.kind.as_str(), namespace, object.head.name.as_str());
        let counts = matches!(object.body, Body::Policy(_) | Body::Workloads(_))
            && !object.head.name.is_empty();
        bundle::Item {
            path: &file.path,
            alone: file.role == repo::Role::Markdown,
            identity: counts.then_some(identity),
        }
    };
    objects.iter().map(item).collect()
}

/// What the rules find in each bundle that holds a policy to report on.
fn lint_bundles(
    request: &Request,
    repo: &Repo,
    loaded: &Loaded,
    objects: &Arc<Vec<Object>>,
    bundles: &[bundle::Bundle],
) -> Vec<(String, Vec<Finding>)> {
    let is_on = |rule: &&'static lint::Rule| request.selection.is_on(rule);
    let rules: Vec<_> = lint::RULES.iter().copied().filter(is_on).collect();
    let is_reported = |id: &u32| self::is_reported(repo, objects[*id as usize].head.source);
    let is_policy = |id: &u32| matches!(objects[*id as usize].body, Body::Policy(_));
    let settings = Settings { profile: request.profile, ..Settings::default() };
    let mut found = Vec::new();
    for bundle in bundles {
        if !bundle.members.iter().any(|id| is_policy(id) && is_reported(id)) {
            continue;
        }
        let members = Members {
            name: bundle.name.clone(),
            objects: bundle.members.clone(),
            reported: bundle
                .members
                .iter()
                .filter(|id| is_reported(id))
                .map(|id| *id as usize)
                .collect(),
            elsewhere: bundle.elsewhere.clone(),
            openness: openness(bundle, repo, loaded),
        };
        let cluster = Cluster::build(Arc::clone(objects), members, settings.clone());
        let context = lint::Context::new(&cluster, &loaded.sources);
        found.push((bundle.name.clone(), lint::lint(&context, &rules)));
    }
    found
}

/// The places of a bundle that kustomizations and charts, which are left out, and documents that
/// can't be read may put things in: all but those of another directory of tests or examples.
fn openness(bundle: &bundle::Bundle, repo: &Repo, loaded: &Loaded) -> Openness {
    let mut openness = Openness::default();
    let concerns =
        |path: &str| bundle::trial(path).is_none_or(|t| bundle.trial.as_ref() == Some(&t));
    for (path, namespace) in &loaded.left_out.roots {
        if concerns(path) {
            openness.open(namespace.as_deref(), Open::NotEvaluated(path.clone()));
        }
    }
    let charts = repo.files.iter().filter(|file| file.role == repo::Role::Chart);
    for chart in charts.filter(|file| concerns(&file.path)) {
        openness.open(None, Open::NotEvaluated(chart.path.clone()));
    }
    // A path that can't be read may hold anything, and so may a document.
    for (path, _) in repo.unseen.iter().chain(&repo.unreadable).filter(|(path, _)| concerns(path)) {
        openness.open(None, Open::NotEvaluated(path.clone()));
    }
    for problem in &loaded.problems {
        let path = &loaded.sources.get(problem.span.source).path;
        if concerns(path) {
            openness.open(None, Open::NotEvaluated(path.clone()));
        }
    }
    openness
}

/// How many bundles hold each file.
fn holders(objects: &[Object], bundles: &[bundle::Bundle]) -> BTreeMap<SourceId, usize> {
    let mut holders: BTreeMap<SourceId, usize> = BTreeMap::new();
    for bundle in bundles {
        let mut files: Vec<SourceId> =
            bundle.members.iter().map(|id| objects[*id as usize].head.source).collect();
        files.sort_unstable();
        files.dedup();
        for file in files {
            *holders.entry(file).or_default() += 1;
        }
    }
    holders
}

/// What was not read as manifests, and why.
fn left_out(repo: &Repo, loaded: &Loaded) -> Vec<(String, &'static str)> {
    let why = |file: &repo::File| match file.role {
        repo::Role::Kustomization => Some("a kustomization, not evaluated yet"),
        repo::Role::Chart => Some("a Helm chart, not rendered yet"),
        repo::Role::ChartTemplate => Some("a template of a Helm chart"),
        _ if loaded.left_out.files.contains(&file.path) => Some("a kustomization refers to it"),
        _ => None,
    };
    let files = repo.files.iter().filter(|file| file.reported);
    let mut out: Vec<(String, &str)> =
        files.filter_map(|file| Some((file.path.clone(), why(file)?))).collect();
    out.extend(repo.left_out.iter().map(|(path, why)| {
        let why = match why {
            repo::LeftOut::Excluded => "excluded",
            repo::LeftOut::Symlink => "a symbolic link",
        };
        (path.clone(), why)
    }));
    out.extend(repo.unseen.iter().map(|(path, _)| (path.clone(), "can't be read")));
    out
}

fn summary(repo: &Repo, loaded: &Loaded, objects: &[Object], clock: Clock) -> Summary {
    let of_role =
        |role| repo.files.iter().filter(|file| file.role == role && file.reported).count();
    let workloads = objects.iter().map(|object| match &object.body {
        Body::Workloads(list) => list.len(),
        _ => 0,
    });
    Summary {
        files: loaded.files,
        documents: loaded.documents,
        policies: objects.iter().filter(|o| matches!(o.body, Body::Policy(_))).count(),
        workloads: workloads.sum(),
        suppressed: 0,
        kustomizations: of_role(repo::Role::Kustomization),
        charts: of_role(repo::Role::Chart),
        left_out: left_out(repo, loaded),
        time: clock.started.elapsed(),
        stages: clock.stages,
    }
}
