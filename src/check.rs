//! The pipeline: a repository in, findings out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fixedbitset::FixedBitSet;

use crate::assembly::Assembly;
use crate::bundle::{Built, Fault, FaultKind, Grouped, Site, Unit};
use crate::clock::Clock;
use crate::lint::{self, Finding, Severity};
use crate::lost::{Losses, NotBuilt};
use crate::model::{Body, Duplicate, Object};
use crate::reach::Reach;
use crate::repo::{self, Repo};
use crate::resolve::{Cluster, Elsewhere, Members, Surroundings};
use crate::text::{SourceId, Span};
use crate::yaml::Problem;
use crate::{Outcome, Progress, Request, Summary, expectations, settle};

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
    let (held, ignored, in_test_directories) = run.settled(findings);
    clock.stage("settle");
    let summary = Summary {
        in_test_directories,
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
        shows_run: request.selection.show_run
            || request.selection.least_severity() == Severity::Note,
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
    reported: Arc<FixedBitSet>,
    /// What all sites look up outside of themselves.
    surroundings: Arc<Surroundings>,
    /// Where a policy is lost with what could not be read or made.
    losses: Losses<'a>,
    /// The paths that were given, from the root.
    given: Vec<String>,
}

impl<'a> Run<'a> {
    fn new(request: &'a Request, repo: &'a Repo, assembly: &'a Assembly) -> Self {
        let surroundings = assembly.surroundings(request.settings.default_namespace());
        let (reported, losses) = (Arc::default(), Losses::of(assembly, repo));
        let here = [request.cwd.clone()];
        let paths = &request.scope.paths;
        let paths = if paths.is_empty() { &here[..] } else { paths };
        let given = paths.iter().map(|path| repo.path_of(path, &request.cwd)).collect();
        let mut run = Self { request, repo, assembly, reported, surroundings, losses, given };
        let units = assembly.units.iter().zip(&assembly.built);
        let reshaped: Vec<bool> =
            units.map(|(unit, built)| run.is_shaped_by_reported(built, unit)).collect();
        let reported = |object: &Object| {
            let writes = object.made.iter().flat_map(|made| &made.writes);
            run.is_reported(object.head.source)
                || object.made.as_ref().is_some_and(|made| reshaped[made.built])
                || writes.into_iter().any(|write| run.is_reported(write.place.source))
        };
        let objects = (0..).zip(&**assembly.objects);
        let reported = objects.filter(|(_, object)| reported(object)).map(|(id, _)| id).collect();
        run.reported = Arc::new(reported);
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
        let sites = self.assembly.grouped.sites.iter().enumerate();
        let sites = sites.filter(|(_, site)| is_asked_about(site));
        let found = sites.map(|(number, site)| {
            let reach = Reach::new(self.cluster(number, site));
            let context = lint::Context::new(&reach, &self.assembly.sources);
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

    fn cluster(&self, number: usize, site: &Site) -> Cluster {
        let members = Members {
            name: site.name.clone(),
            is_trial: site.trial.is_some(),
            objects: site.members.clone(),
            reported: Arc::clone(&self.reported),
            elsewhere: Some(elsewhere(self.request, self.repo, &self.surroundings, number, site)),
        };
        let settings = self.request.settings.clone();
        Cluster::build(Arc::clone(&self.assembly.objects), members, settings)
    }

    /// The findings of all sites as one list, with those about what could not be read or made.
    fn merged(&self, found: Vec<(String, Vec<Finding>)>) -> Vec<Finding> {
        let holders = holders(self.objects(), &self.assembly.grouped);
        let mut findings =
            settle::merge(found, &|place| holders.get(&place.source).copied().unwrap_or(0));
        let loaded = &self.assembly.loaded;
        let is_lost = |problem| self.losses.is_policy_in(problem);
        findings.extend(self.problems().map(|it| lint::run::unread(it, is_lost(it))));
        let unreadable = loaded.unreadable.iter();
        findings
            .extend(unreadable.map(|(id, why)| lint::run::unreadable(Span::new(*id, 0, 0), why)));
        findings.extend(self.faults());
        let reported = self.reported.ones().map(|id| &self.objects()[id]);
        findings.extend(lint::run::unknown_policy_kinds(reported));
        findings.extend(loaded.duplicates.iter().map(lint::duplicate_key::finding));
        findings.extend(self.expectations());
        findings
    }

    /// The expectations of the repository that its policies do not keep to.
    fn expectations(&self) -> Vec<Finding> {
        let is_asked_about =
            |site: &Site| site.members.iter().any(|id| self.reported.contains(*id as usize));
        let broken = expectations::broken(self.request, self.repo, self.assembly, &is_asked_about);
        broken.iter().filter_map(lint::expectation::finding).collect()
    }

    /// The documents that could not be read, and are to be reported on.
    fn problems(&self) -> impl Iterator<Item = &'a Problem> {
        let problems = self.assembly.loaded.problems.iter();
        problems.filter(|problem| self.is_reported(problem.span.source))
    }

    /// What could not be made, once each, with the bundles that it is missing from. What is missing
    /// in several lines of one file is one finding.
    fn faults(&self) -> Vec<Finding> {
        let mut found: Vec<Finding> = Vec::new();
        let mut met: BTreeMap<(FaultKind, SourceId, &str), usize> = BTreeMap::new();
        let several = self.assembly.grouped.sites.len() > 1;
        let told = self.told_by_reading();
        let is_told = |fault: &Fault| {
            let mut places =
                std::iter::once(&fault.place).chain(fault.related.iter().map(|(span, _)| span));
            places.any(|place| told.contains(place))
        };
        let is_news = |fault: &&Fault| self.is_reported(fault.place.source) && !is_told(fault);
        let units = self.assembly.built.iter().zip(&self.assembly.units).enumerate();
        for (number, (built, unit)) in units {
            let is_lost = self.losses.is_policy_of(number);
            let faults = built.faults.iter().filter(|fault| !is_told(fault));
            // kustomize stops at its first error: what else is wrong is shown there.
            let mut stopped: Option<usize> = None;
            for fault in faults.filter(|fault| fault.kind != FaultKind::Unrendered) {
                let is_hidden = !self.is_reported(fault.place.source);
                let anchor = if is_hidden { self.anchor(built, unit) } else { None };
                if is_hidden && anchor.is_none() {
                    continue;
                }
                let shown = anchor.map(|anchor| seen_from(anchor, fault));
                let shown = shown.as_ref().unwrap_or(fault);
                let is_refused = fault.kind == FaultKind::Refused;
                if let Some(first) = stopped.filter(|_| is_refused) {
                    lint::unbuilt::again(&mut found[first], shown, is_lost);
                    continue;
                }
                let source = anchor.unwrap_or(fault.place).source;
                let key = (fault.kind, source, fault.message.as_str());
                let at = *met.entry(key).or_insert_with(|| {
                    found.push(lint::unbuilt::finding(shown));
                    found.len() - 1
                });
                stopped = stopped.or(is_refused.then_some(at));
                lint::unbuilt::again(&mut found[at], shown, is_lost);
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

    /// Where to report what is wrong in a file that is not reported on, if it keeps something that
    /// is from being judged: at what shapes the bundle, else at a policy that is missing from it.
    fn anchor(&self, built: &Built, unit: &Unit) -> Option<Span> {
        let reported = || built.files.iter().copied().filter(|id| self.is_reported(*id));
        let is_of_unit = |id: &SourceId| {
            let file = self.repo.files.get(id.0 as usize);
            file.is_some_and(|file| crate::bundle::directory(&file.path) == unit.directory)
        };
        if self.is_shaped_by_reported(built, unit) {
            let start = reported().find(is_of_unit).or_else(|| reported().next());
            return start.map(|id| Span::new(id, 0, 0));
        }
        let is_judged = |id: SourceId| self.objects().iter().any(|it| it.head.source == id);
        let has_policy = |id: &SourceId| {
            self.assembly.sources.get(*id).text().contains("kind: NetworkPolicy") && !is_judged(*id)
        };
        reported().find(has_policy).map(|id| Span::new(id, 0, 0))
    }

    /// The places of what a finding about the file itself says already: no YAML, a key twice.
    fn told_by_reading(&self) -> BTreeSet<Span> {
        let loaded = &self.assembly.loaded;
        let problems = loaded.problems.iter().map(|problem| problem.span);
        problems.chain(loaded.duplicates.iter().map(Duplicate::place)).collect()
    }

    /// The findings that count, without those that are suppressed or in the baseline, how many the
    /// configuration ignores by their path, and how many are not shown as they are in tests.
    fn settled(&self, findings: Vec<Finding>) -> (settle::Held, usize, usize) {
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
        let all = findings.len();
        findings.retain(|finding| {
            request.selection.passes_in_tests(finding) || !self.is_quiet_test(finding)
        });
        let in_tests = all - findings.len();
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
        (held, ignored, in_tests)
    }

    /// Whether a finding is in a directory of tests or examples, and neither that directory nor
    /// anything in it was given as a path.
    fn is_quiet_test(&self, finding: &Finding) -> bool {
        let path = self.assembly.sources.get(finding.place.source).path.as_str();
        let trial = |path: &str| self.request.grouping.trial(path);
        let is_given = |given: &String| {
            let below = format!("{given}/");
            trial(&format!("{below}.")).is_some() && path.starts_with(&below) || path == *given
        };
        trial(path).is_some() && !self.given.iter().any(is_given)
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
            charts: units().filter(|(unit, it)| unit.is_chart && it.is_unrendered()).count(),
            not_built: self.not_built(),
            in_test_directories: 0,
            left_out: self.left_out(),
            time: clock.elapsed(),
            stages: clock.stages,
        }
    }

    /// What could not be read or made, and no policy depends on it.
    fn not_built(&self) -> NotBuilt {
        let is_mild = |problem: &&Problem| {
            lint::run::unread(problem, self.losses.is_policy_in(problem)).severity == Severity::Note
        };
        let documents = self.problems().filter(is_mild).count();
        self.losses.without_policy(|fault| self.is_reported(fault.place.source), documents)
    }

    /// What was not read as manifests, and why.
    fn left_out(&self) -> Vec<(String, &'static str)> {
        let units = self.assembly.units.iter().zip(&self.assembly.built);
        let unrendered = units.filter(|(unit, built)| unit.is_chart && built.is_unrendered());
        let mut out: Vec<(String, &str)> = unrendered
            .map(|(unit, _)| (unit.directory.clone(), "a Helm chart that was not rendered"))
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

/// The same fault, reported at another place.
fn seen_from(anchor: Span, fault: &Fault) -> Fault {
    let mut related =
        vec![(fault.place, "it is here, in a file that is not reported on".to_owned())];
    related.extend(fault.related.iter().cloned());
    Fault { place: anchor, related, ..fault.clone() }
}

/// The rest of the repository, as a site sees it.
pub(crate) fn elsewhere(
    request: &Request,
    repo: &Repo,
    surroundings: &Arc<Surroundings>,
    number: usize,
    site: &Site,
) -> Elsewhere {
    let mut hidden = repo.unseen.iter().chain(&repo.unreadable).map(|(path, _)| path);
    let hidden = hidden.find(|path| request.grouping.concerns(site, path));
    Elsewhere::of(surroundings, number).without(hidden.map(String::as_str))
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
