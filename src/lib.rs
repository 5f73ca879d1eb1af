//! netpol-lint reads a repository of Kubernetes manifests, works out offline which pods each
//! NetworkPolicy selects and which connections it allows, and points at the line that is wrong.
//!
//! Data flows one way, through one folder per stage; each knows only the ones before it:
//! [`repo`] → [`text`] → [`yaml`] → [`bundle`] → [`model`] → [`resolve`] → [`reach`] → [`lint`] →
//! [`settle`] → [`fix`] → [`report`]. [`check`] is that table as code, and [`mend`] goes round in
//! it until nothing is left to mend; [`config`] reads what users set of it.

#![warn(missing_docs)]

pub mod bundle;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod fix;
pub mod lint;
pub mod model;
pub mod reach;
pub mod repo;
pub mod report;
pub mod resolve;
pub mod settle;
pub mod text;
pub mod yaml;

use std::collections::{BTreeMap, BTreeSet};
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
    /// The findings that are accepted until they are mended.
    pub baseline: Option<settle::Baseline>,
    /// Keep what is suppressed in the outcome, and not only its number.
    pub show_suppressed: bool,
    /// How things are applied together, where the user says it.
    pub grouping: bundle::Grouping,
    /// What the user says of the cluster.
    pub settings: Settings,
}

/// What a run found and read.
#[derive(Debug)]
pub struct Outcome {
    /// The texts that the findings' spans lie in.
    pub sources: Sources,
    /// The findings to report, in order: path, position, rule.
    pub findings: Vec<Finding>,
    /// What comments and annotations hold back, where it was asked for.
    pub suppressed: Option<Vec<settle::Suppressed>>,
    /// The baseline's entries that are no finding any more.
    pub stale: Vec<settle::Entry>,
    /// What was read.
    pub summary: Summary,
    /// The repository's root, to which reported paths are relative.
    pub root: PathBuf,
}

impl Outcome {
    fn found(&self) -> fix::Found<'_> {
        (&self.findings, &self.sources)
    }
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
    /// Findings that fixes have mended.
    pub mended: usize,
    /// Files in which they have.
    pub mended_files: usize,
    /// Files that could not be mended, with the reason.
    pub not_mended: Vec<(String, String)>,
    /// Findings held back by the baseline.
    pub baselined: usize,
    /// Entries that were taken out of the baseline file, as they are no finding any more.
    pub pruned: usize,
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
    let tick = || progress.file_done();
    let mut loaded = model::load(&repo, &request.scope, &request.limits, &tick);
    clock.stage("read");
    let objects = Arc::new(std::mem::take(&mut loaded.objects));
    let bundles = request.grouping.group(&items(&objects, &repo));
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
    let reported = objects.iter().filter(|object| is_reported(&repo, object.head.source));
    findings.extend(lint::run::unknown_policy_kinds(reported));
    findings.extend(loaded.duplicates.iter().map(lint::duplicate_key::finding));
    let (held, ignored) = settled(findings, request, &repo, &loaded, &objects);
    clock.stage("settle");
    let summary = Summary {
        suppressed: held.suppressed.len() + ignored,
        baselined: held.baselined,
        ..summary(&repo, &loaded, &objects, clock)
    };
    // Nobody waits for a hundred thousand objects to be freed one by one.
    rayon::spawn(move || drop(objects));
    Ok(Outcome {
        sources: loaded.sources,
        findings: held.findings,
        suppressed: request.show_suppressed.then_some(held.suppressed),
        stale: held.stale,
        summary,
        root: repo.root,
    })
}

/// The findings that count, without those that are suppressed or in the baseline, and how many
/// the configuration ignores by their path.
fn settled(
    findings: Vec<Finding>,
    request: &Request,
    repo: &Repo,
    loaded: &Loaded,
    objects: &[Object],
) -> (settle::Held, usize) {
    let sources = &loaded.sources;
    let policies = objects.iter().filter_map(|object| match &object.body {
        Body::Policy(policy) if is_reported(repo, object.head.source) => {
            Some((&object.head, &**policy))
        }
        _ => None,
    });
    let mut suppressions = settle::Suppressions::find(&loaded.comments, policies, sources);
    suppressions.note_used(&findings, sources);
    let path = |finding: &Finding| sources.get(finding.place.source).path.as_str();
    let below: BTreeSet<(&str, &str)> = findings
        .iter()
        .filter(|finding| !request.selection.passes(finding))
        .map(|finding| (finding.rule.id, path(finding)))
        .collect();
    let mut findings = settle::settle(findings, &request.selection, sources);
    let ignored = request.selection.hold_back(&mut findings, sources);
    let reported: BTreeSet<&str> =
        repo.files.iter().filter(|f| f.reported).map(|f| f.path.as_str()).collect();
    // A file that is gone was looked at too; one that is there was left out of this run. What is
    // below a threshold may be the entry's.
    let looked_at = |entry: &settle::Entry| {
        let path = entry.path.as_str();
        let is_below = below.contains(&(entry.rule.as_str(), path));
        !is_below && (reported.contains(path) || !repo.root.join(path).exists())
    };
    let baseline = request.baseline.as_ref();
    let held = settle::hold_back(
        findings,
        &suppressions,
        baseline,
        &request.selection,
        sources,
        &looked_at,
    );
    (held, ignored)
}

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
    let mut found = Vec::new();
    for bundle in bundles {
        if !bundle.members.iter().any(|id| is_policy(id) && is_reported(id)) {
            continue;
        }
        let members = Members {
            name: bundle.name.clone(),
            is_trial: bundle.trial.is_some(),
            objects: bundle.members.clone(),
            reported: bundle
                .members
                .iter()
                .filter(|id| is_reported(id))
                .map(|id| *id as usize)
                .collect(),
            elsewhere: bundle.elsewhere.clone(),
            openness: openness(&request.grouping, bundle, repo, loaded),
        };
        let cluster = Cluster::build(Arc::clone(objects), members, request.settings.clone());
        let context = lint::Context::new(&cluster, &loaded.sources);
        found.push((bundle.name.clone(), lint::lint(&context, &rules)));
    }
    found
}

/// The places of a bundle that kustomizations and charts, which are left out, and documents that
/// can't be read may put things in.
fn openness(
    grouping: &bundle::Grouping,
    bundle: &bundle::Bundle,
    repo: &Repo,
    loaded: &Loaded,
) -> Openness {
    let mut openness = Openness::default();
    let concerns = |path: &str| grouping.concerns(bundle, path);
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
        repo::Role::NoManifests => Some("holds no manifests"),
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
        mended: 0,
        mended_files: 0,
        not_mended: Vec::new(),
        baselined: 0,
        pruned: 0,
        kustomizations: of_role(repo::Role::Kustomization),
        charts: of_role(repo::Role::Chart),
        left_out: left_out(repo, loaded),
        time: clock.started.elapsed(),
        stages: clock.stages,
    }
}
