//! The repository's expectations, judged in every cluster of bundles that they are about: what
//! `netpol-lint test` prints, and what a check reports of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::Request;
use crate::assemble::{Assembly, Reported};
use crate::bundle::Site;
use crate::connectivity::closed;
use crate::expect::{self, Expectation, Judge, Named, Outcome, TestResult, Tested, Verdict};
use crate::lint::run;
use crate::repo::{self, Repo, Role};
use crate::text::{SourceId, Sources, Span};
use crate::yaml;

/// Judges the expectations of the files that are reported on; files that were named count whatever
/// they are called.
///
/// # Errors
/// Those of [`check`](crate::check()).
pub fn test(request: &Request) -> Result<Tested, repo::Error> {
    let repo = repo::find(&request.scope, &request.cwd)?;
    let assembly = Assembly::of(request.options(), &repo, &())?;
    let is_meant = |file: &&repo::File| match file.role {
        Role::Expectations => file.reported,
        Role::Manifests | Role::Stdin => file.named,
        _ => false,
    };
    let documents = Document::all(request, &repo, &assembly.sources, &is_meant);
    let results = judged(request, &assembly, documents, &|_| true);
    Ok(Tested { sources: assembly.sources, root: repo.root, results })
}

/// What a check has to say of the repository's expectations: of those that were given, and of
/// those about a cluster that has something that is reported on.
pub(crate) fn broken(
    request: &Request,
    reported: Reported<'_>,
    is_asked_about: &dyn Fn(&Site) -> bool,
) -> Vec<TestResult> {
    let Reported { repo, assembly } = reported;
    if request.skip_expectations {
        return Vec::new();
    }
    let is_meant = |file: &&repo::File| file.role == Role::Expectations;
    let documents = Document::all(request, repo, &assembly.sources, &is_meant);
    if documents.is_empty() {
        return Vec::new();
    }
    let is_reported = |result: &TestResult| {
        let file = repo.files.get(result.place.source.0 as usize);
        file.is_some_and(|file| file.reported)
    };
    let mut results = judged(request, assembly, documents, is_asked_about);
    results.retain(|it| it.outcome != Outcome::Passed);
    // A file that is not reported on is not called wrong; what a change breaks is told there.
    results.retain(|it| it.outcome != Outcome::Invalid || is_reported(it));
    results
}

/// Today's connections as expectations: the text of a file, a document for each cluster that what
/// is reported on belongs to.
///
/// # Errors
/// Those of [`check`](crate::check()).
pub fn of_today(request: &Request) -> Result<String, repo::Error> {
    let repo = repo::find(&request.scope, &request.cwd)?;
    let assembly = Assembly::of(request.options(), &repo, &())?;
    let sites = crate::connectivity::sites(&repo, &assembly);
    let several = assembly.grouped.sites.len() > 1;
    let mut text = String::from(
        "# What the policies allow and deny today: keep what is meant, and delete the rest.\n\
         # Run `netpol-lint test` to compare.\n",
    );
    for site in sites {
        let cluster = closed(request, &assembly, site);
        let name = several.then_some(site.name.as_str());
        text.push_str(&expect::write(&Judge::new(&cluster), name));
    }
    Ok(text)
}

/// One document of a file of expectations.
struct Document {
    /// The directory of tests or examples that its file is in.
    trial: Option<String>,
    cluster: Option<Named>,
    list: Vec<Expectation>,
    invalid: Vec<TestResult>,
}

impl Document {
    fn all(
        request: &Request,
        repo: &Repo,
        sources: &Sources,
        is_meant: &dyn Fn(&&repo::File) -> bool,
    ) -> Vec<Self> {
        let mut all = Vec::new();
        for (id, file) in (0u32..).map(SourceId).zip(&repo.files).filter(|(_, it)| is_meant(it)) {
            let text = match text(request, file) {
                Ok(text) => text,
                Err(why) => {
                    let finding = run::unreadable(Span::new(id, 0, 0), &why);
                    all.push(Self::unread(TestResult::invalid(
                        finding.place,
                        finding.message,
                        finding.help,
                    )));
                    continue;
                }
            };
            sources.get(id).keep_text(Arc::clone(&text));
            let stream = yaml::read(id, &text, 0..text.len(), None, &request.limits);
            let trial = request.grouping.trial(&file.path);
            for problem in &stream.problems {
                let finding = run::unread(problem, true);
                let result = TestResult::invalid(problem.span, finding.message, finding.help);
                all.push(Self::unread(result));
            }
            all.extend(stream.documents.iter().map(|document| {
                let read = expect::read(&document.root);
                let faults = read.faults.into_iter();
                let invalid = faults.map(|it| TestResult::invalid(it.place, it.message, it.help));
                let trial = trial.clone();
                Self { trial, cluster: read.cluster, list: read.list, invalid: invalid.collect() }
            }));
        }
        all
    }

    fn unread(result: TestResult) -> Self {
        Self { trial: None, cluster: None, list: Vec::new(), invalid: vec![result] }
    }

    /// Whether its expectations are about that site, as far as its place and its words go.
    fn is_about(&self, site: &Site) -> bool {
        let is_named = self.cluster.as_ref().is_none_or(|cluster| cluster.text == site.name);
        is_named && (self.cluster.is_some() || self.trial == site.trial)
    }
}

/// The text of a file of expectations, up to the limit of any file.
fn text(request: &Request, file: &repo::File) -> Result<Arc<str>, String> {
    let limit = request.limits.file_bytes;
    let mut bytes = Vec::new();
    match file.role {
        Role::Stdin => bytes.extend(request.scope.stdin.iter().flatten()),
        _ => repo::read_met(&file.open, limit, &mut bytes).map_err(|error| error.to_string())?,
    }
    if bytes.len() as u64 > limit {
        return Err(format!("it is larger than {} MiB", limit >> 20));
    }
    String::from_utf8(bytes).map(Arc::from).map_err(|_| "it is not UTF-8".to_owned())
}

/// What is known of one expectation while the clusters are asked.
#[derive(Default)]
struct Open {
    verdicts: Vec<(String, Verdict)>,
    /// The names that some cluster has.
    known: BTreeSet<String>,
    /// For names that none has, the most alike.
    near: std::collections::BTreeMap<String, (usize, String)>,
}

fn judged(
    request: &Request,
    assembly: &Assembly,
    documents: Vec<Document>,
    is_asked_about: &dyn Fn(&Site) -> bool,
) -> Vec<TestResult> {
    let mut open: Vec<Vec<Open>> = documents
        .iter()
        .map(|document| document.list.iter().map(|_| Open::default()).collect())
        .collect();
    let mut asked = vec![false; documents.len()];
    for site in assembly.grouped.sites.iter().filter(|site| is_asked_about(site)) {
        if !documents.iter().any(|document| document.is_about(site)) {
            continue;
        }
        let cluster = closed(request, assembly, site);
        let judge = Judge::new(&cluster);
        let about = documents.iter().enumerate().filter(|(_, document)| document.is_about(site));
        for (at, document) in about {
            asked[at] = true;
            for (open, expectation) in open[at].iter_mut().zip(&document.list) {
                open.ask(&judge, expectation, &site.name);
            }
        }
    }
    let several = assembly.grouped.sites.len() > 1;
    let mut results = Vec::new();
    for ((document, open), asked) in documents.into_iter().zip(open).zip(asked) {
        results.extend(document.invalid);
        if let Some(cluster) = document.cluster.as_ref().filter(|_| !asked) {
            results.extend(unknown_cluster(assembly, cluster, is_asked_about));
            continue;
        }
        // Nothing that it is about is to be reported on.
        if asked {
            let both = document.list.iter().zip(open);
            results.extend(both.map(|(expectation, open)| open.result(expectation, several)));
        }
    }
    results.sort_by_key(|result| result.place);
    results
}

/// A cluster that is named, if there is none of that name.
fn unknown_cluster(
    assembly: &Assembly,
    cluster: &Named,
    is_asked_about: &dyn Fn(&Site) -> bool,
) -> Option<TestResult> {
    let sites = &assembly.grouped.sites;
    if sites.iter().any(|site| site.name == cluster.text && !is_asked_about(site)) {
        return None;
    }
    let names: Vec<&str> = sites.iter().take(10).map(|site| site.name.as_str()).collect();
    let message = format!("no cluster of bundles is called `{}`", cluster.text);
    let help = format!("the names are those of `netpol-lint bundles`: {}", names.join(", "));
    Some(TestResult::invalid(cluster.span, message, help))
}

impl Open {
    fn ask(&mut self, judge: &Judge<'_>, expectation: &Expectation, site: &str) {
        for name in expectation.from.iter().chain(&expectation.to) {
            if judge.knows(&name.text) {
                self.known.insert(name.text.clone());
            } else if let Some((distance, near)) = judge.nearest(&name.text) {
                let found = (distance, near.to_owned());
                let before = self.near.entry(name.text.clone()).or_insert_with(|| found.clone());
                *before = found.min(before.clone());
            }
        }
        self.verdicts.extend(judge.judge(expectation).map(|verdict| (site.to_owned(), verdict)));
    }

    /// The worst of what the clusters say.
    fn result(self, expectation: &Expectation, several: bool) -> TestResult {
        let ends = expectation.from.iter().chain(&expectation.to);
        let texts = |names: &[Named]| names.iter().map(|name| name.text.clone()).collect();
        let mut result = TestResult {
            expected: Some(expectation.expected),
            from: texts(&expectation.from),
            to: texts(&expectation.to),
            ports: expectation.ports.as_ref().map(ToString::to_string).unwrap_or_default(),
            reason: expectation.reason.clone().unwrap_or_default(),
            ..TestResult::invalid(expectation.place, String::new(), String::new())
        };
        if let Some(name) = ends.into_iter().find(|name| !self.known.contains(&name.text)) {
            result.place = name.span;
            result.message = format!("no workload is called `{}`", name.text);
            result.help = match self.near.get(&name.text) {
                Some((_, near)) => format!("did you mean `{near}`?"),
                None => "write `namespace/name` of a workload that the repository has".to_owned(),
            };
            return result;
        }
        let worst = self.verdicts.iter().map(|(_, verdict)| verdict.outcome).max();
        let Some(worst) = worst else {
            result.message = "no cluster of bundles has a workload at either end".to_owned();
            result.help = "name workloads that run together (`netpol-lint bundles`)".to_owned();
            return result;
        };
        let mut of_worst = self.verdicts.into_iter().filter(|(_, it)| it.outcome == worst);
        let Some((first, verdict)) = of_worst.next() else { return result };
        if several {
            result.clusters =
                std::iter::once(first).chain(of_worst.map(|(name, _)| name)).collect();
        }
        let Verdict { outcome, message, help, evidence } = verdict;
        TestResult { outcome, message, help, evidence, ..result }
    }
}
