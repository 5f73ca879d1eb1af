//! What helm answered, as a bundle: manifests that stand in their templates, and faults at the
//! places that helm names.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::dependencies::Dependency;
use super::failure::{self, Kind};
use super::output::{self, Marked};
use super::places::{Places, Template};
use super::stage::{Staged, shown};
use super::work::{Made, Refusal, Stopped, Work};
use crate::bundle::{Built, Fault, FaultKind, Manifest, Opening, heads};
use crate::repo::{Boundary, Repo};
use crate::text::{LineIndex, Source, SourceId, Sources, Span};
use crate::yaml::{self, Limits, Problem, ProblemKind};

/// What a document of the output is read as, before its places are those of its template.
const OUTPUT: SourceId = SourceId(u32::MAX);

/// The sources of all files that charts are made of.
pub(super) struct Texts {
    ids: HashMap<PathBuf, SourceId>,
    root: PathBuf,
}

impl Texts {
    /// Adds a source for each file that may be named and is no file of the repository.
    pub(super) fn new(
        works: &[Work<'_>],
        made: &[Made],
        repo: &Repo,
        sources: &mut Sources,
    ) -> Self {
        let known = (0u32..).map(SourceId).zip(&repo.files);
        let mut ids: HashMap<PathBuf, SourceId> =
            known.map(|(id, file)| (file.open.clone(), id)).collect();
        let values = works.iter().flat_map(|work| &work.values);
        let values: Vec<PathBuf> = values.map(|path| repo.root.join(path)).collect();
        let mut others: BTreeSet<&Path> = values.iter().map(PathBuf::as_path).collect();
        for made in made {
            let staged = match made {
                Made::Printed { staged, .. } => staged,
                Made::Refused(refusal) => &refusal.staged,
                Made::Stopped(_) => continue,
            };
            others.extend(staged.origins().filter(|path| may_be_named(path)));
        }
        others.retain(|path| !ids.contains_key(*path));
        for path in others {
            let label = shown(path.strip_prefix(&repo.root).unwrap_or(path));
            // Links inside the repository were followed when it was read.
            let open = Boundary::new(&repo.root).resolve(path);
            let open = open.unwrap_or_else(|_| path.to_path_buf());
            let id = sources.add(Source::file(label, open));
            ids.insert(path.to_path_buf(), id);
        }
        Self { ids, root: repo.root.clone() }
    }

    fn of(&self, path: &Path) -> Option<SourceId> {
        self.ids.get(path).copied()
    }
}

/// A template, a helper, values, or what names dependencies.
fn may_be_named(path: &Path) -> bool {
    let is_template = path.components().any(|part| part.as_os_str() == "templates");
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    is_template || matches!(name, "Chart.yaml" | "requirements.yaml" | "values.yaml")
}

/// The bundle that a rendering makes.
pub(super) fn finish(
    work: &Work<'_>,
    made: Made,
    texts: &Texts,
    sources: &Sources,
    limits: &Limits,
) -> Built {
    let built = Built {
        name: work.name.clone(),
        files: [work.chart.source].into(),
        namespace: work.given_namespace(),
        ..Built::default()
    };
    let mut finish = Finish { work, texts, sources, limits, built };
    match made {
        Made::Printed { staged, printed, marked } => {
            finish.note_files(&staged);
            finish.documents(&staged, &printed, &marked);
            finish.elsewhere(&staged.elsewhere);
            finish.left_out(&staged.left_out);
        }
        Made::Refused(refusal) => {
            finish.note_files(&refusal.staged);
            finish.elsewhere(&refusal.staged.elsewhere);
            finish.left_out(&refusal.staged.left_out);
            finish.refused(&refusal);
        }
        Made::Stopped(Stopped { place, why, help, elsewhere }) => {
            finish.elsewhere(&elsewhere);
            finish.render_fault(place.unwrap_or(work.place), &why, help, Vec::new());
        }
    }
    finish.built
}

struct Finish<'a> {
    work: &'a Work<'a>,
    texts: &'a Texts,
    sources: &'a Sources,
    limits: &'a Limits,
    built: Built,
}

impl Finish<'_> {
    fn note_files(&mut self, staged: &Staged) {
        self.built.files.extend(staged.origins().filter_map(|path| self.texts.of(path)));
        let values = self.work.values.iter().map(|path| self.texts.root.join(path));
        self.built.files.extend(values.filter_map(|path| self.texts.of(&path)));
    }

    fn documents(&mut self, staged: &Staged, printed: &str, marked: &str) {
        let mut marked = output::marked(marked);
        let documents = output::documents(printed);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for document in &documents {
            *counts.entry(document.template).or_default() += 1;
        }
        // Documents are told by their order, so there must be as many.
        marked.retain(|template, all| counts.get(template) == Some(&all.len()));
        let mut twins: BTreeMap<&str, std::slice::Iter<'_, Marked>> =
            marked.iter().map(|(template, all)| (*template, all.iter())).collect();
        for document in &documents {
            let twin = twins.get_mut(document.template).and_then(Iterator::next);
            let places = self.places(staged, document.template, document.text, twin);
            let (manifests, problems) = read(document.text, &places, self.limits);
            self.built.manifests.extend(manifests);
            for (place, why) in problems {
                let why = format!("renders invalid YAML: {why}");
                let help = "fix the template, or the value that it writes here".to_owned();
                self.render_fault(place, &why, help, Vec::new());
            }
        }
    }

    fn places<'t>(
        &'t self,
        staged: &Staged,
        name: &str,
        text: &'t str,
        twin: Option<&Marked>,
    ) -> Places<'t> {
        let Some(source) = staged.origin(name).and_then(|path| self.texts.of(path)) else {
            let package = staged.package(name).and_then(|it| self.named(it));
            return Places::Package(package.unwrap_or(self.work.chart.name_span));
        };
        let template = self.sources.get(source).text();
        Places::Template(Template {
            source,
            text,
            index: LineIndex::new(text),
            template,
            template_index: LineIndex::new(template),
            lines: output::lines(text, twin, template),
        })
    }

    /// Where a dependency is named.
    fn named(&self, dependency: &Dependency) -> Option<Span> {
        let source = self.texts.of(&dependency.file)?;
        Some(Span { source, ..dependency.at })
    }

    /// Dependencies that are not there.
    fn elsewhere(&mut self, elsewhere: &[Dependency]) {
        for dependency in elsewhere {
            let chart = &self.work.chart;
            let of = match dependency.repository.as_str() {
                "" => String::new(),
                repository => format!(" of `{repository}`"),
            };
            self.built.faults.push(Fault {
                kind: FaultKind::Remote,
                place: self.named(dependency).unwrap_or(self.work.place),
                message: format!(
                    "chart `{}` depends on chart `{}`{of}, which is not in its `charts/`: it is \
                     not downloaded, so its objects are not checked",
                    chart.name, dependency.name
                ),
                help: format!("run `helm dependency build {}`", chart.directory),
                related: Vec::new(),
            });
            let what = match dependency.repository.as_str() {
                "" => dependency.name.clone(),
                repository => format!("{}/{}", repository.trim_end_matches('/'), dependency.name),
            };
            self.built.openings.push(Opening { namespace: None, what });
        }
    }

    /// Packages that are not handed to helm.
    fn left_out(&mut self, packages: &[(String, String)]) {
        for (package, why) in packages {
            let why = format!("is rendered without `{package}`, which {why}");
            let help = "package the chart again with `helm package`".to_owned();
            self.render_fault(self.work.chart.name_span, &why, help, Vec::new());
        }
    }

    fn refused(&mut self, refusal: &Refusal) {
        let staged = &refusal.staged;
        let failure = failure::read(&refusal.said, &shown(staged.folder()));
        let is_of_values = matches!(failure.kind, Kind::Values(_) | Kind::OwnValues);
        let is_whole = staged.elsewhere.is_empty() && staged.left_out.is_empty();
        if !is_whole && !is_of_values {
            // What is not there may be what it fails for.
            self.built.openings.push(self.work.opening());
            return;
        }
        let mut places: Vec<Span> = failure
            .places
            .iter()
            .filter_map(|(name, line)| self.line(staged, name, *line))
            .collect();
        let mut why = failure.why.clone();
        match failure.kind {
            Kind::Yaml => places = self.no_yaml(refusal).into_iter().collect(),
            Kind::Values(number) => {
                let values = self.work.values.get(number).map(|path| self.texts.root.join(path));
                let name = self.work.values.get(number).map_or("the values given", |path| path);
                places = self.in_values(values.as_deref(), failure.line).into_iter().collect();
                why = format!("`{name}`: {why}");
            }
            Kind::OwnValues => {
                let own = self.work.chart.open.join("values.yaml");
                places = self.in_values(Some(&own), failure.line).into_iter().collect();
                why = format!("values.yaml: {why}");
            }
            Kind::Asks | Kind::Template | Kind::Other => {}
        }
        let place = places.first().copied().unwrap_or(self.work.place);
        let innermost = places.last().filter(|last| **last != place);
        let related =
            innermost.map(|span| (*span, "it fails here, in the included template".to_owned()));
        let why = format!("does not render: {why}");
        self.render_fault(place, &why, self.help(failure.kind), related.into_iter().collect());
    }

    fn help(&self, kind: Kind) -> String {
        let directory = &self.work.chart.directory;
        match kind {
            Kind::Asks => format!(
                "put the value in a values file, and add that to netpol-lint.toml: \
                 `[[helm.chart]]` with `path = \"{directory}\"` and `values = [\"…\"]`"
            ),
            Kind::Template => format!(
                "fix the template; or, if it needs a value that users must set, add a values file \
                 to netpol-lint.toml: `[[helm.chart]]` with `path = \"{directory}\"`"
            ),
            Kind::Yaml => "fix the template, or the value that it writes here".to_owned(),
            Kind::Values(_) | Kind::OwnValues => "fix the values file".to_owned(),
            Kind::Other => format!("run `helm template {directory}` for the full error"),
        }
    }

    /// The text of a line (from 1) of a template.
    fn line(&self, staged: &Staged, name: &str, line: usize) -> Option<Span> {
        let source = self.texts.of(staged.origin(name)?)?;
        Some(self.line_of(source, line))
    }

    fn line_of(&self, source: SourceId, line: usize) -> Span {
        let text = self.sources.get(source).text();
        let start = LineIndex::new(text).line_start(line);
        let all = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let indent = all.len() - all.trim_start().len();
        Span::new(source, start + indent, start + indent.max(all.trim_end().len()))
    }

    /// Where what a template makes is no YAML.
    fn no_yaml(&self, refusal: &Refusal) -> Option<Span> {
        let name = failure::yaml_error_in(&refusal.said)?;
        let made = output::documents(&refusal.rendered).into_iter().find(|d| d.template == name);
        let marked = made.map(|document| Marked::new(document.text)).unwrap_or_default();
        let text = marked.text();
        let stream = yaml::read(OUTPUT, &text, 0..text.len(), None, self.limits);
        let source = self.texts.of(refusal.staged.origin(&name)?)?;
        let Some(problem) = stream.problems.first() else {
            return Some(self.line_of(source, 1));
        };
        let places = self.places(&refusal.staged, &name, &text, Some(&marked));
        let place = places.place(problem.span);
        let line = self.sources.start(place).line;
        Some(if place.start == place.end { self.line_of(source, line) } else { place })
    }

    /// Where a values file is no YAML: as our own reader sees it, else at helm's line.
    fn in_values(&self, path: Option<&Path>, line: Option<usize>) -> Option<Span> {
        let source = self.texts.of(path?)?;
        let text = self.sources.get(source).text();
        let stream = yaml::read(source, text, 0..text.len(), None, self.limits);
        let found = stream.problems.first().map(|problem| problem.span);
        Some(found.unwrap_or_else(|| self.line_of(source, line.unwrap_or(1))))
    }

    fn render_fault(&mut self, place: Span, why: &str, help: String, related: Vec<(Span, String)>) {
        let message = format!("chart `{}` {why}", self.work.chart.name);
        let kind = FaultKind::Render;
        self.built.faults.push(Fault { kind, place, message, help, related });
        let opening = self.work.opening();
        if !self.built.openings.contains(&opening) {
            self.built.openings.push(opening);
        }
    }
}

/// The manifests of a document and what can't be read of it, where they are written.
fn read(text: &str, places: &Places<'_>, limits: &Limits) -> (Vec<Manifest>, Vec<(Span, String)>) {
    let stream = yaml::read(OUTPUT, text, 0..text.len(), None, limits);
    let trees = stream.documents.iter().map(|document| places.rewritten(&document.root));
    let made = trees.flat_map(|tree| heads(&tree));
    let manifests = made.map(|(head, tree)| Manifest { head, tree, writes: Vec::new() }).collect();
    let problems = stream.problems.iter();
    (manifests, problems.map(|it| (places.place(it.span), in_words(it))).collect())
}

fn in_words(problem: &Problem) -> String {
    match &problem.kind {
        ProblemKind::Syntax(why) | ProblemKind::Limit(why) => why.clone(),
        ProblemKind::Template => "it still contains `{{ … }}`".to_owned(),
        ProblemKind::NotUtf8 => "it is not UTF-8".to_owned(),
    }
}
