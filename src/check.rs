//! The pipeline: a repository in, findings out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fixedbitset::FixedBitSet;

use crate::assembly::Assembly;
use crate::bundle::{Built, Fault, FaultKind, Grouped, Grouping, Origin, Site, Unit};
use crate::clock::Clock;
use crate::lint::{self, Finding};
use crate::model::{Body, Object};
use crate::repo::{self, Repo};
use crate::resolve::{Cluster, Members, Open, Openness};
use crate::text::{SourceId, Span};
use crate::{Outcome, Progress, Request, Summary, settle};

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
    let assembly = Assembly::timed(request, &repo, progress, &mut clock)?;
    let run = Run::new(request, &repo, &assembly);
    let found = run.lint();
    clock.stage("lint");
    let findings = run.merged(found);
    let (held, ignored) = run.settled(findings);
    clock.stage("settle");
    let summary = Summary {
        suppressed: held.suppressed.len() + ignored,
        baselined: held.baselined,
        ..run.summary(clock)
    };
    // Nobody waits for a hundred thousand objects to be freed one by one.
    let Assembly { sources, objects, .. } = assembly;
    rayon::spawn(move || drop(objects));
    Ok(Outcome {
        sources,
        findings: held.findings,
        suppressed: request.show_suppressed.then_some(held.suppressed),
        stale: held.stale,
        summary,
        root: repo.root,
    })
}

/// One run over an assembled repository.
struct Run<'a> {
    request: &'a Request,
    repo: &'a Repo,
    assembly: &'a Assembly,
    /// The objects whose findings are reported.
    reported: FixedBitSet,
    /// What is not evaluated, by name: the same for every site.
    left_out: Arc<[String]>,
}

impl<'a> Run<'a> {
    fn new(request: &'a Request, repo: &'a Repo, assembly: &'a Assembly) -> Self {
        let openings = assembly.built.iter().flat_map(|built| &built.openings);
        let left_out = openings.map(|opening| opening.what.clone()).collect();
        let mut run = Self { request, repo, assembly, reported: FixedBitSet::new(), left_out };
        let units = assembly.units.iter().zip(&assembly.built);
        let reshaped: Vec<bool> =
            units.map(|(unit, built)| run.is_shaped_by_reported(built, unit)).collect();
        let reported = |object: &Object| {
            let writes = object.made.iter().flat_map(|made| &made.writes);
            run.is_reported(object.head.source)
                || object.made.as_ref().is_some_and(|made| reshaped[made.built])
                || writes.into_iter().any(|write| run.is_reported(write.place.source))
        };
        run.reported =
            (0..).zip(&**assembly.objects).filter(|(_, o)| reported(o)).map(|(id, _)| id).collect();
        run
    }

    fn objects(&self) -> &'a [Object] {
        &self.assembly.objects
    }

    fn is_reported(&self, source: SourceId) -> bool {
        self.repo.files.get(source.0 as usize).is_some_and(|file| file.reported)
    }

    /// Whether a file is to be reported on that says what becomes of the others: a kustomization, a
    /// chart's values or its helpers. A manifest or a template among many is reported on by itself.
    fn is_shaped_by_reported(&self, built: &Built, unit: &Unit) -> bool {
        let shapes = |id: &SourceId| {
            let file = self.repo.files.get(id.0 as usize);
            file.is_some_and(|file| {
                file.reported
                    && match unit.is_chart {
                        true => file.role != repo::Role::ChartTemplate,
                        false => file.role == repo::Role::Kustomization,
                    }
            })
        };
        built.files.iter().any(shapes)
    }

    /// What the rules find at each site that has a policy to report on.
    fn lint(&self) -> Vec<(String, Vec<Finding>)> {
        let is_on = |rule: &&'static lint::Rule| self.request.selection.is_on(rule);
        let rules: Vec<_> = lint::RULES.iter().copied().filter(is_on).collect();
        let is_policy = |id: &u32| matches!(self.objects()[*id as usize].body, Body::Policy(_));
        let is_asked_about = |site: &&Site| {
            site.members.iter().any(|id| is_policy(id) && self.reported.contains(*id as usize))
        };
        let first = self.first_of_each_base();
        let sites = self.assembly.grouped.sites.iter().filter(is_asked_about);
        let found = sites.map(|site| {
            let cluster = self.cluster(site);
            let context = lint::Context::new(&cluster, &self.assembly.sources);
            let mut found = lint::lint(&context, &rules);
            found.iter_mut().for_each(|finding| self.overlaid(finding, &first));
            (site.name.clone(), found)
        });
        found.collect()
    }

    /// Brings what a rule says of a policy that an overlay made back to where it is written.
    fn overlaid(&self, finding: &mut Finding, first: &BTreeMap<Span, u32>) {
        let Some(at) = &mut finding.at else { return };
        let policy = &self.objects()[at.policy as usize];
        at.policy = first.get(&policy.head.start).copied().unwrap_or(at.policy);
        lint::overlaid(finding, policy, self.repo);
    }

    /// One number for all that several overlays make of one policy: what they have in common is
    /// told once.
    fn first_of_each_base(&self) -> BTreeMap<Span, u32> {
        let mut first = BTreeMap::new();
        for (id, object) in (0u32..).zip(self.objects()) {
            if object.made.is_some() && matches!(object.body, Body::Policy(_)) {
                first.entry(object.head.start).or_insert(id);
            }
        }
        first
    }

    fn cluster(&self, site: &Site) -> Cluster {
        let is_reported = |id: &&u32| self.reported.contains(**id as usize);
        let members = Members {
            name: site.name.clone(),
            is_trial: site.trial.is_some(),
            objects: site.members.clone(),
            reported: site.members.iter().filter(is_reported).map(|id| *id as usize).collect(),
            elsewhere: self.assembly.grouped.elsewhere(site),
            openness: self.openness(site),
            left_out: Arc::clone(&self.left_out),
        };
        let settings = self.request.settings.clone();
        Cluster::build(Arc::clone(&self.assembly.objects), members, settings)
    }

    fn openness(&self, site: &Site) -> Openness {
        openness(&self.request.grouping, site, self.repo, self.assembly)
    }

    /// The findings of all sites as one list, with those about what could not be read or made.
    fn merged(&self, found: Vec<(String, Vec<Finding>)>) -> Vec<Finding> {
        let holders = holders(self.objects(), &self.assembly.grouped);
        let mut findings =
            settle::merge(found, &|place| holders.get(&place.source).copied().unwrap_or(0));
        let loaded = &self.assembly.loaded;
        let problems = loaded.problems.iter();
        let problems = problems.filter(|problem| self.is_reported(problem.span.source));
        findings.extend(problems.map(lint::run::unread));
        let unreadable = loaded.unreadable.iter();
        findings
            .extend(unreadable.map(|(id, why)| lint::run::unreadable(Span::new(*id, 0, 0), why)));
        findings.extend(self.faults());
        let reported = self.reported.ones().map(|id| &self.objects()[id]);
        findings.extend(lint::run::unknown_policy_kinds(reported));
        findings.extend(loaded.duplicates.iter().map(lint::duplicate_key::finding));
        findings
    }

    /// What could not be made, once each, with the bundles that it is missing from. What is missing
    /// in several lines of one file is one finding.
    fn faults(&self) -> Vec<Finding> {
        let mut found: Vec<Finding> = Vec::new();
        let mut met: BTreeMap<(FaultKind, SourceId, &str), usize> = BTreeMap::new();
        let several = self.assembly.grouped.sites.len() > 1;
        let told = self.told_by_reading();
        let is_news = |fault: &&Fault| {
            let mut places =
                std::iter::once(&fault.place).chain(fault.related.iter().map(|(span, _)| span));
            self.is_reported(fault.place.source) && !places.any(|place| told.contains(place))
        };
        for built in &self.assembly.built {
            let faults = built.faults.iter().filter(is_news);
            for fault in faults.filter(|fault| fault.kind != FaultKind::Unrendered) {
                let key = (fault.kind, fault.place.source, fault.message.as_str());
                let at = *met.entry(key).or_insert_with(|| {
                    found.push(lint::unbuilt::finding(fault));
                    found.len() - 1
                });
                lint::unbuilt::again(&mut found[at], fault);
                if several && !found[at].bundles.contains(&built.name) {
                    found[at].bundles.push(built.name.clone());
                }
            }
        }
        let all = self.assembly.built.iter().flat_map(|built| &built.faults);
        let unrendered = all.filter(is_news).filter(|fault| fault.kind == FaultKind::Unrendered);
        found.extend(lint::unbuilt::unrendered(&unrendered.collect::<Vec<_>>()));
        found
    }

    /// The places of what a finding about the file itself says already: no YAML, a key twice.
    fn told_by_reading(&self) -> BTreeSet<Span> {
        let loaded = &self.assembly.loaded;
        let problems = loaded.problems.iter().map(|problem| problem.span);
        problems.chain(loaded.duplicates.iter().map(|duplicate| duplicate.place)).collect()
    }

    /// The findings that count, without those that are suppressed or in the baseline, and how
    /// many the configuration ignores by their path.
    fn settled(&self, findings: Vec<Finding>) -> (settle::Held, usize) {
        let (request, sources) = (self.request, &self.assembly.sources);
        let policies = self.reported.ones().filter_map(|id| match &self.objects()[id] {
            Object { head, body: Body::Policy(policy), .. } => Some((head, &**policy)),
            _ => None,
        });
        let comments = &self.assembly.loaded.comments;
        let mut suppressions = settle::Suppressions::find(comments, policies, sources);
        suppressions.note_used(&findings, sources);
        let path = |finding: &Finding| sources.get(finding.place.source).path.as_str();
        let below: BTreeSet<(&str, &str)> = findings
            .iter()
            .filter(|finding| !request.selection.passes(finding))
            .map(|finding| (finding.rule.id, path(finding)))
            .collect();
        let mut findings = settle::settle(findings, &request.selection, sources);
        let ignored = request.selection.hold_back(&mut findings, sources);
        let files = self.repo.files.iter();
        let reported: BTreeSet<&str> =
            files.filter(|f| f.reported).map(|f| f.path.as_str()).collect();
        // A file that is gone was looked at too; one that is there was left out of this run. What
        // is below a threshold may be the entry's.
        let looked_at = |entry: &settle::Entry| {
            let path = entry.path.as_str();
            let is_below = below.contains(&(entry.rule.as_str(), path));
            !is_below && (reported.contains(path) || !self.repo.root.join(path).exists())
        };
        let held = settle::hold_back(
            findings,
            &suppressions,
            request.baseline.as_ref(),
            &request.selection,
            sources,
            &looked_at,
        );
        (held, ignored)
    }

    fn summary(&self, clock: Clock) -> Summary {
        let units = || self.assembly.units.iter().zip(&self.assembly.built);
        // What an inventory gives is not of the repository.
        let is_own = |object: &&Object| {
            object.made.is_some() || self.repo.files.get(object.head.source.0 as usize).is_some()
        };
        let own = || self.objects().iter().filter(is_own);
        let workloads = own().map(|object| match &object.body {
            Body::Workloads(list) => list.len(),
            _ => 0,
        });
        let loaded = &self.assembly.loaded;
        let is_policy = |object: &&Object| matches!(object.body, Body::Policy(_));
        Summary {
            files: loaded.files,
            documents: loaded.documents,
            policies: own().filter(is_policy).count(),
            workloads: workloads.sum(),
            suppressed: 0,
            mended: 0,
            mended_files: 0,
            not_mended: Vec::new(),
            baselined: 0,
            pruned: 0,
            kustomizations: units().filter(|(unit, _)| !unit.is_chart).count(),
            charts: self.silent_templates().len(),
            left_out: self.left_out(),
            time: clock.elapsed(),
            stages: clock.stages,
        }
    }

    /// Where policies are written in templates of charts that make none.
    fn silent_templates(&self) -> BTreeSet<Span> {
        let faults = self.assembly.built.iter().flat_map(|built| &built.faults);
        let silent = faults.filter(|fault| fault.kind == FaultKind::Unrendered);
        silent.map(|fault| fault.place).collect()
    }

    /// What was not read as manifests, and why.
    fn left_out(&self) -> Vec<(String, &'static str)> {
        let units = self.assembly.units.iter().zip(&self.assembly.built);
        let unrendered = units.filter(|(unit, built)| unit.is_chart && built.is_left_out());
        let mut out: Vec<(String, &str)> = unrendered
            .map(|(unit, _)| (unit.directory.clone(), "a Helm chart that is not rendered"))
            .collect();
        out.extend(self.repo.left_out.iter().map(|(path, why)| {
            let why = match why {
                repo::LeftOut::Excluded => "excluded",
                repo::LeftOut::Symlink => "a symbolic link",
            };
            (path.clone(), why)
        }));
        out.extend(self.repo.unseen.iter().map(|(path, _)| (path.clone(), "can't be read")));
        out
    }
}

/// The places of a site that what is not made, and what can't be read, may put things in.
pub(crate) fn openness(
    grouping: &Grouping,
    site: &Site,
    repo: &Repo,
    assembly: &Assembly,
) -> Openness {
    let mut openness = Openness::default();
    let concerns = |path: &str| grouping.concerns(site, path);
    // What a kustomization brings from elsewhere, or a chart that is not rendered, may be deployed
    // beside anything.
    for number in assembly.grouped.together(site) {
        let Origin::Built(unit) = assembly.grouped.bundles[number].origin else { continue };
        for opening in &assembly.built[unit].openings {
            let why = Open::NotEvaluated(opening.what.clone());
            openness.open(opening.namespace.as_deref(), why);
        }
    }
    // A path that can't be read may hold anything, and so may a document.
    for (path, _) in repo.unseen.iter().chain(&repo.unreadable).filter(|(path, _)| concerns(path)) {
        openness.open(None, Open::NotEvaluated(path.clone()));
    }
    for problem in &assembly.loaded.problems {
        let path = &assembly.sources.get(problem.span.source).path;
        if concerns(path) {
            openness.open(None, Open::NotEvaluated(path.clone()));
        }
    }
    openness
}

/// How many sites hold each file of plain manifests.
fn holders(objects: &[Object], grouped: &Grouped) -> BTreeMap<SourceId, usize> {
    let mut holders: BTreeMap<SourceId, usize> = BTreeMap::new();
    for site in &grouped.sites {
        let plain = site.members.iter().map(|id| &objects[*id as usize]);
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
