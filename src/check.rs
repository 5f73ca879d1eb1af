//! The pipeline: a repository in, findings out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fixedbitset::FixedBitSet;

use crate::assemble::{Assembly, Losses, Reported};
use crate::bundle::{Grouped, ObjectId, Site};
use crate::lint::{self, BuildFaults, Finding, Severity};
use crate::model::{Object, PolicyId};
use crate::progress::{Clock, Progress};
use crate::reach::Reach;
use crate::repo;
use crate::resolve::{Cluster, Elsewhere, Members, Surroundings};
use crate::text::{SourceId, Span};
use crate::triage::{self, Triage, Triaged};
use crate::{Outcome, Request, Summary, expectations, mentions};

/// Reads, resolves and lints: the whole pipeline.
///
/// # Errors
/// What stops the run: a path that does not exist, an invalid glob, no YAML or JSON file at all
/// under the given paths. Bad input in a file is a finding.
pub fn check(request: &Request, progress: &dyn Progress) -> Result<Outcome, repo::Error> {
    let mut clock = Clock::start();
    let repo = repo::find(&request.scope, &request.cwd)?;
    clock.stage("walk");
    progress.files(repo.files.len());
    let assembly = Assembly::timed(request.options(), &repo, progress, &mut clock)?;
    let reported = Reported { assembly: &assembly, repo: &repo };
    let run = Run::new(request, reported);
    let (mut found, undecided) = run.lint();
    mentions::lower(&mut found, request, &repo);
    clock.stage("lint");
    let triaged = run.triaged(run.merged(found, &undecided));
    clock.stage("triage");
    let summary = Summary {
        in_test_directories: triaged.in_test_directories,
        suppressed: triaged.suppressed.len() + triaged.ignored,
        baselined: triaged.baselined,
        ..Summary::of(reported, &run.losses, clock)
    };
    // Freeing a hundred thousand objects one by one would only cost time.
    let Assembly { sources, objects, .. } = assembly;
    rayon::spawn(move || drop(objects));
    Ok(Outcome {
        sources,
        findings: triaged.findings,
        suppressed: request.show_suppressed.then_some(triaged.suppressed),
        stale: triaged.stale,
        shows_run: request.selection.show_run
            || request.selection.least_severity() == Severity::Note,
        summary,
        root: repo.root,
    })
}

/// One run over an assembled repository.
struct Run<'a> {
    request: &'a Request,
    reported: Reported<'a>,
    /// The objects that are reported on, by number.
    objects: Arc<FixedBitSet>,
    /// What all sites look up outside of themselves.
    surroundings: Arc<Surroundings>,
    /// Whether a policy is lost with what could not be read or built.
    losses: Losses<'a>,
}

impl<'a> Run<'a> {
    fn new(request: &'a Request, reported: Reported<'a>) -> Self {
        let Reported { assembly, repo } = reported;
        let default_namespace = request.settings.default_namespace();
        Self {
            request,
            reported,
            objects: Arc::new(reported.objects()),
            surroundings: Surroundings::of(assembly, default_namespace).into(),
            losses: Losses::of(assembly, repo),
        }
    }

    /// The findings of the rules for each site with a policy, and with an object that is reported on;
    /// and the policies of which nobody can tell whether they are evaluated.
    fn lint(&self) -> (Vec<(String, Vec<Finding>)>, BTreeSet<PolicyId>) {
        let is_on = |rule: &&'static lint::Rule| self.request.selection.is_on(rule);
        let rules: Vec<_> = lint::RULES.iter().copied().filter(is_on).collect();
        let is_policy = |id: &ObjectId| self.reported.assembly.objects[id.position()].is_checked();
        let is_asked_about = |site: &&Site| {
            let is_reported = |id: &ObjectId| self.objects.contains(id.position());
            site.members.iter().any(is_policy) && site.members.iter().any(is_reported)
        };
        let first = self.first_of_each_base();
        let sites = self.reported.assembly.grouped.sites.iter().enumerate();
        let sites = sites.filter(|(_, site)| is_asked_about(site));
        let mut undecided = BTreeSet::new();
        let found = sites.map(|(number, site)| {
            let reach = Reach::new(self.cluster(number, site));
            let context = lint::Context::new(&reach, &self.reported.assembly.sources);
            let mut found = lint::lint(&context, &rules);
            found.iter_mut().for_each(|finding| self.overlaid(finding, &first));
            undecided.extend(reach.cluster().undecided());
            (site.name.clone(), found)
        });
        let found = found.collect();
        (found, undecided)
    }

    /// Moves a finding about a policy that an overlay built to the place where it is written.
    fn overlaid(&self, finding: &mut Finding, first: &BTreeMap<Span, PolicyId>) {
        let Some(at) = &mut finding.at else { return };
        let policy = &self.reported.assembly.objects[at.policy.object().position()];
        at.policy = first.get(&policy.head.start).copied().unwrap_or(at.policy);
        lint::overlaid(finding, policy, self.reported.repo);
    }

    /// One number for all versions of one policy that several overlays build: a finding about all
    /// of them is reported once.
    fn first_of_each_base(&self) -> BTreeMap<Span, PolicyId> {
        let mut first = BTreeMap::new();
        for (id, object) in ObjectId::numbered(&self.reported.assembly.objects) {
            if object.made.is_some() && object.is_policy() {
                first.entry(object.head.start).or_insert(PolicyId::of(id));
            }
        }
        first
    }

    fn cluster(&self, number: usize, site: &Site) -> Cluster {
        let members = Members {
            name: site.name.clone(),
            is_trial: site.trial.is_some(),
            objects: site.members.clone(),
            reported: Arc::clone(&self.objects),
            elsewhere: Some(Elsewhere::of_site(
                &self.request.grouping,
                self.reported.repo,
                &self.surroundings,
                number,
                site,
            )),
        };
        let settings = self.request.settings.clone();
        Cluster::build(Arc::clone(&self.reported.assembly.objects), members, settings)
    }

    /// The findings of all sites as one list, including those about what could not be read or
    /// built.
    fn merged(
        &self,
        found: Vec<(String, Vec<Finding>)>,
        undecided: &BTreeSet<PolicyId>,
    ) -> Vec<Finding> {
        let holders = holders(&self.reported.assembly.objects, &self.reported.assembly.grouped);
        let mut findings =
            triage::merge(found, &|place| holders.get(&place.source).copied().unwrap_or(0));
        let loaded = &self.reported.assembly.loaded;
        let is_lost = |problem| self.losses.is_policy_in(problem);
        findings.extend(self.reported.problems().map(|it| lint::run::unread(it, is_lost(it))));
        let unreadable = loaded.unreadable.iter();
        findings
            .extend(unreadable.map(|(id, why)| lint::run::unreadable(Span::new(*id, 0, 0), why)));
        let faults = BuildFaults { reported: self.reported, losses: &self.losses };
        findings.extend(faults.findings());
        let objects = &self.reported.assembly.objects;
        let reported = self.objects.ones().map(|id| (ObjectId::at(id), &objects[id]));
        findings.extend(lint::run::unknown_policy_kinds(reported, undecided));
        findings.extend(loaded.duplicates.iter().map(lint::duplicate_key::finding));
        findings.extend(self.expectations());
        findings
    }

    /// The expectations of the repository that its policies do not keep to.
    fn expectations(&self) -> Vec<Finding> {
        let is_asked_about =
            |site: &Site| site.members.iter().any(|id| self.objects.contains(id.position()));
        let broken = expectations::broken(self.request, self.reported, &is_asked_about);
        broken.iter().filter_map(lint::expectation::finding).collect()
    }

    fn triaged(&self, findings: Vec<Finding>) -> Triaged {
        let Request { scope, cwd, selection, baseline, grouping, .. } = self.request;
        let here = [cwd.clone()];
        let paths = if scope.paths.is_empty() { &here[..] } else { &scope.paths };
        let given: Vec<String> =
            paths.iter().map(|path| self.reported.repo.path_of(path, cwd)).collect();
        let triage = Triage {
            selection,
            baseline: baseline.as_ref(),
            grouping,
            reported: self.reported,
            objects: &self.objects,
            given: &given,
        };
        triage.conclude(findings)
    }
}

/// How many sites contain each file of plain manifests.
fn holders(objects: &[Object], grouped: &Grouped) -> BTreeMap<SourceId, usize> {
    let mut holders: BTreeMap<SourceId, usize> = BTreeMap::new();
    for site in &grouped.sites {
        let plain = site.members.iter().map(|id| &objects[id.position()]);
        let mut files: Vec<SourceId> =
            plain.filter(|object| object.made.is_none()).map(|object| object.head.source).collect();
        files.sort_unstable();
        files.dedup();
        for file in files {
            *holders.entry(file).or_default() += 1;
        }
    }
    holders
}
