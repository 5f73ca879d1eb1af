//! The figures of the closing line.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::assemble::{Assembly, Losses, NotBuilt, Reported};
use crate::bundle::FaultKind;
use crate::lint::{self, Severity};
use crate::model::{Body, Object};
use crate::progress::Clock;
use crate::repo;
use crate::text::Span;
use crate::yaml::Problem;

/// The figures of the closing line.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// YAML and JSON files read (with their context).
    pub files: usize,
    /// Documents in these.
    pub documents: usize,
    /// NetworkPolicies.
    pub policies: usize,
    /// Workloads.
    pub workloads: usize,
    /// Suppressed findings.
    pub suppressed: usize,
    /// Findings that fixes resolved.
    pub fixed: usize,
    /// Files in which they were.
    pub fixed_files: usize,
    /// Files that could not be fixed, with the reason.
    pub not_fixed: Vec<(String, String)>,
    /// Findings in the baseline.
    pub baselined: usize,
    /// Entries removed from the baseline file because they no longer match.
    pub pruned: usize,
    /// Kustomizations that were evaluated, each with all that it refers to.
    pub kustomizations: usize,
    /// Helm charts that were not rendered.
    pub charts: usize,
    /// What could not be read or built and does not affect a policy.
    pub not_built: NotBuilt,
    /// Findings in directories of tests and examples that are hidden.
    pub in_test_directories: usize,
    /// Paths that were skipped, with the reason.
    pub left_out: Vec<(String, &'static str)>,
    /// How long it took.
    pub time: Duration,
    /// How long each stage took, in their order.
    pub stages: Vec<(&'static str, Duration)>,
}

impl Summary {
    /// The figures of what a run read; those of what it found are added later.
    pub(crate) fn of(reported: Reported<'_>, losses: &Losses<'_>, clock: Clock) -> Self {
        let Reported { assembly, repo } = reported;
        let builds = || assembly.builds.iter();
        // The objects of an inventory are not the repository's.
        let is_own = |object: &&Object| {
            object.made.is_some() || repo.files.get(object.head.source.0 as usize).is_some()
        };
        let own = || assembly.objects.iter().filter(is_own);
        let workloads = |object: &Object| match &object.body {
            Body::Workloads(list) => list.len(),
            _ => 0,
        };
        let policies = |object: &Object| usize::from(object.is_policy());
        let loaded = &assembly.loaded;
        Self {
            files: loaded.files,
            documents: loaded.documents,
            policies: count(own(), assembly, policies),
            workloads: count(own(), assembly, workloads),
            kustomizations: builds().filter(|one| !one.unit.is_chart).count(),
            charts: silent_templates(assembly).len(),
            not_built: not_built(reported, losses),
            left_out: left_out(reported),
            time: clock.elapsed(),
            stages: clock.stages,
            ..Self::default()
        }
    }
}

/// How many there are in all. A chart that is rendered in several ways has as many as most of them
/// make of each template.
fn count<'a>(
    objects: impl Iterator<Item = &'a Object>,
    assembly: &Assembly,
    of: impl Fn(&Object) -> usize,
) -> usize {
    let mut all = 0;
    let mut rendered: BTreeMap<Span, BTreeMap<usize, usize>> = BTreeMap::new();
    for object in objects {
        match &object.made {
            Some(made) if assembly.builds[made.built].unit.is_chart => {
                let renderings = rendered.entry(object.head.start).or_default();
                *renderings.entry(made.built).or_default() += of(object);
            }
            _ => all += of(object),
        }
    }
    let most = rendered.into_values().filter_map(|renderings| renderings.into_values().max());
    all + most.sum::<usize>()
}

/// The places of policies in chart templates that render none.
fn silent_templates(assembly: &Assembly) -> BTreeSet<Span> {
    let faults = assembly.builds.iter().flat_map(|one| &one.built.faults);
    let silent = faults.filter(|fault| fault.kind == FaultKind::Unrendered);
    silent.map(|fault| fault.place).collect()
}

/// What could not be read or built and does not affect a policy.
fn not_built(reported: Reported<'_>, losses: &Losses<'_>) -> NotBuilt {
    let is_mild = |problem: &&Problem| {
        lint::run::unread(problem, losses.is_policy_in(problem)).severity == Severity::Note
    };
    let documents = reported.problems().filter(is_mild).count();
    losses.without_policy(|fault| reported.is_reported(fault.place.source), documents)
}

/// What was not read as manifests, and why.
fn left_out(Reported { assembly, repo }: Reported<'_>) -> Vec<(String, &'static str)> {
    let builds = assembly.builds.iter();
    let unrendered = builds.filter(|one| one.unit.is_chart && one.built.is_left_out());
    let mut out: Vec<(String, &str)> = unrendered
        .map(|one| (one.unit.directory.clone(), "a Helm chart that was not rendered"))
        .collect();
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
