//! Renders a loaded chart: values first, then templates, then their output as manifests.

mod missing;

use std::rc::Rc;

use super::chart::{File, Loaded, Refused, coalesced, enabled};
use super::data::{Release, Scope, scopes};
use super::faults::{self, Trouble};
use super::given::{Reader, given};
use super::output::{self, POLICY};
use super::places::Places;
use super::switches::{self, Assignment, Conditions};
use super::template::{
    Budget, Map, MapKind, Origins, Place, Reason, Renderer, Template, TemplateSet, parsed_size,
};
use super::texts::Texts;
use super::variants::{self, Variant};
use super::work::{Prepared, Work};
use super::{Helm, STEPS};
use crate::bundle::{Built, Fault, FaultKind, Manifest, Opening};
use crate::text::{SourceId, Sources, Span};
use crate::yaml::{Limits, Partial};

/// The stack of a rendering: templates call one another, and are nested.
const STACK: usize = 256 << 20;

/// What all renderings of a run have in common.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    pub(super) texts: &'a Texts,
    pub(super) sources: &'a Sources,
    pub(super) helm: &'a Helm,
    pub(super) limits: &'a Limits,
    /// What is asked of a manifest; none for all of it.
    pub(super) relevance: Option<&'a dyn Partial>,
}

/// What a rendering took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taken {
    pub(super) steps: u64,
    /// The nodes of its manifests, which are kept.
    pub(super) nodes: usize,
}

/// Renders a chart in all ways, and says what that took.
pub(super) fn render(
    work: &Work<'_>,
    prepared: &Prepared,
    shared: Shared<'_>,
) -> (Vec<Built>, Taken) {
    let run = || Rendering::new(work, prepared, shared).all();
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run);
        let made = thread.ok().and_then(|thread| thread.join().ok());
        made.unwrap_or_else(|| {
            let taken = Taken { steps: most_steps(shared.helm), nodes: 0 };
            (vec![refused(work, &stopped())], taken)
        })
    })
}

/// The steps of one rendering.
fn most_steps(helm: &Helm) -> u64 {
    helm.time_limit.as_secs().max(1).saturating_mul(STEPS)
}

struct Rendering<'a> {
    work: &'a Work<'a>,
    prepared: &'a Prepared,
    shared: Shared<'a>,
    origins: Origins,
    budget: Budget,
    built: Built,
    nodes: usize,
    /// Templates that contain a policy and rendered none; and where it is written.
    silent: Vec<(Rc<Template>, Span)>,
}

/// All templates, and those to render with the number of their chart.
type Parsed = (Rc<TemplateSet>, Vec<(Rc<Template>, usize)>);

impl<'a> Rendering<'a> {
    fn new(work: &'a Work<'a>, prepared: &'a Prepared, shared: Shared<'a>) -> Self {
        let budget = Budget::new(
            most_steps(shared.helm),
            shared.helm.output_limit.saturating_mul(8).max(1 << 24),
        );
        let files = prepared.found.files.iter().map(std::path::PathBuf::as_path);
        let values: Vec<_> = work.values.iter().map(|path| shared.texts.root.join(path)).collect();
        let files = files.chain(values.iter().map(std::path::PathBuf::as_path));
        let mut ids: std::collections::BTreeSet<SourceId> =
            files.filter_map(|path| shared.texts.of(path)).collect();
        ids.insert(work.chart.source);
        let built = Built {
            name: work.name.clone(),
            directory: work.chart.directory.clone(),
            files: ids,
            namespace: work.namespace.as_deref().map(Into::into),
            ..Built::default()
        };
        Self {
            work,
            prepared,
            shared,
            origins: Origins::default(),
            budget,
            built,
            nodes: 0,
            silent: Vec::new(),
        }
    }

    fn all(mut self) -> (Vec<Built>, Taken) {
        let is_whole = self.missing();
        let variants = match self.once(&Variant::default(), is_whole) {
            Ok(set) if self.work.is_default => self.variants(&set),
            Ok(_) => Vec::new(),
            Err(trouble) => {
                self.trouble(trouble, is_whole);
                Vec::new()
            }
        };
        let mut taken = self.taken();
        let mut others = Vec::new();
        for variant in variants {
            let most = (most_steps(self.shared.helm), self.shared.limits.nodes);
            if taken.steps > most.0 || taken.nodes > most.1 {
                self.built.faults.push(faults::untried(self.work.chart));
                break;
            }
            let (built, again) = self.again(&variant, is_whole);
            taken.steps += again.steps;
            taken.nodes += again.nodes;
            others.extend(built);
        }
        self.tell_of_silent();
        if self.prepared.found.chart.has_schema {
            self.built.faults.push(faults::schema(self.work.chart));
        }
        let mut built = vec![self.built];
        built.append(&mut others);
        (built, taken)
    }

    /// The other ways to render it, after it was rendered as it is.
    fn variants(&self, set: &[Assignment]) -> Vec<Variant> {
        let mut all = Vec::new();
        let on = Variant { set: set.to_vec(), ..Variant::default() };
        if !set.is_empty() {
            all.push(on.clone());
        }
        let is_policy = |it: &Manifest| it.head.kind.ends_with(POLICY);
        let has_policy = self.built.manifests.iter().any(is_policy) || !set.is_empty();
        let release = variants::release_unlike(&self.work.chart.name);
        if has_policy && release.is_some() && self.asks_for_release() {
            all.push(Variant { release, ..on });
        }
        let tested = (0..self.prepared.tested.len()).map(Some);
        all.extend(tested.map(|tested| Variant { tested, ..Variant::default() }));
        all
    }

    /// Whether a template may write the release's name.
    fn asks_for_release(&self) -> bool {
        let mut asks = false;
        self.prepared.found.chart.walk(&mut |chart| {
            asks = asks || chart.templates.iter().any(|it| it.text().contains("Release.Name"));
        });
        asks
    }

    fn taken(&self) -> Taken {
        let steps = most_steps(self.shared.helm) - self.budget.steps_left();
        Taken { steps, nodes: self.nodes }
    }

    /// The same in another way, and what that took; none where it does not render and nobody said
    /// that it does.
    fn again(&mut self, variant: &Variant, is_whole: bool) -> (Option<Built>, Taken) {
        let mut again = Self::new(self.work, self.prepared, self.shared);
        again.built.name = variant.name(&self.work.name, &self.prepared.tested);
        let is_whole = is_whole && !again.turns_on_what_is_elsewhere(variant);
        if let Err(trouble) = again.once(variant, is_whole) {
            again.trouble(trouble, is_whole);
        }
        let taken = again.taken();
        let is_broken = again.built.faults.iter().any(|it| it.kind == FaultKind::Render);
        if is_broken && variant.tested.is_none() {
            return (None, taken);
        }
        // The chart's faults are reported once.
        let is_news = |fault: &Fault| !self.built.faults.iter().any(|it| it.place == fault.place);
        again.built.faults.retain(is_news);
        for opening in &self.built.openings {
            if !again.built.openings.contains(opening) {
                again.built.openings.push(opening.clone());
            }
        }
        let still = |place: &Span| again.silent.iter().any(|(_, it)| it == place);
        self.silent.retain(|(_, place)| still(place));
        (Some(again.built), taken)
    }

    /// Records which templates contain a policy and render none.
    fn tell_of_silent(&mut self) {
        for (template, place) in std::mem::take(&mut self.silent) {
            self.built.faults.push(faults::silent(self.work.chart, &template.name, place));
        }
    }

    /// Renders it in one way; says what turns on the policies that are not made.
    fn once(&mut self, variant: &Variant, is_whole: bool) -> Result<Vec<Assignment>, Trouble> {
        let (texts, limits) = (self.shared.texts, self.shared.limits);
        let mut reader = Reader::new(texts, limits, &mut self.origins, &self.budget);
        let given = given(self.work, self.prepared, variant, &mut reader)?;
        let found = &self.prepared.found;
        let mut own = |chart: &'a Loaded| reader.own(chart);
        let chart = enabled(&found.chart, &given, &self.budget, &mut own)?;
        let values = coalesced(&chart, &given, false, &self.budget).map_err(Trouble::from)?;
        let namespace = self.work.namespace(self.shared.helm);
        let name = variant.release.unwrap_or(&self.work.release);
        let release = Release { name, namespace };
        let capabilities = &self.shared.helm.capabilities;
        let scopes = scopes(&chart, &values, release, capabilities);
        let (set, templates) = self.parse(&scopes)?;
        let (mut conditions, mut all) = (Conditions::default(), Vec::new());
        for (template, at) in &templates {
            let Some(scope) = scopes.get(*at) else { continue };
            self.file(template, scope, &set, is_whole);
            let made = std::mem::take(&mut self.built.manifests);
            if self.is_exhausted() {
                break;
            }
            let is_policy = |it: &Manifest| it.head.kind.ends_with(POLICY);
            let is_silent = !made.iter().any(is_policy);
            if is_silent && let Some(place) = switches::policy(template) {
                self.silent.push((Rc::clone(template), place));
            }
            if is_silent {
                conditions.add(template, &switches::values_path(&scope.path));
            }
            all.push((Rc::clone(&template.name), made));
        }
        // Templates may change values for those that helm renders later; manifests are sorted by
        // file.
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.built.manifests = all.into_iter().flat_map(|(_, made)| made).collect();
        Ok(conditions.assignments(&values, &self.shared.helm.sets))
    }

    fn is_exhausted(&self) -> bool {
        self.budget.step(1).is_err()
    }

    /// All templates, and those to render with the number of their chart, in helm's order.
    fn parse(&self, scopes: &[Scope<'_>]) -> Result<Parsed, Trouble> {
        let mut all: Vec<(String, usize, &File)> = Vec::new();
        for (nth, scope) in scopes.iter().enumerate() {
            for file in &scope.chart.templates {
                let base = file.name.rsplit('/').next().unwrap_or_default();
                if !scope.chart.metadata.is_library || base.starts_with('_') {
                    all.push((format!("{}/{}", scope.path, file.name), nth, file));
                }
            }
        }
        let depth = |name: &str| name.matches('/').count();
        all.sort_by(|(a, ..), (b, ..)| depth(b).cmp(&depth(a)).then_with(|| b.cmp(a)));
        let mut set = TemplateSet::default();
        let mut rendered = Vec::new();
        for (name, nth, file) in all {
            let place = self.place_of(file);
            let (name, text): (Rc<str>, Rc<str>) = (name.into(), (&*file.text()).into());
            self.budget.room(parsed_size(&text))?;
            let template = set.add(&name, &text, place).map_err(|mistake| {
                Trouble::of_template(
                    place,
                    mistake.at as usize,
                    &mistake.message,
                    self.shared.sources,
                )
            })?;
            let base = name.rsplit('/').next().unwrap_or_default();
            if !base.starts_with('_') && !name.ends_with("NOTES.txt") {
                rendered.push((template, nth));
            }
        }
        Ok((Rc::new(set), rendered))
    }

    /// The place of a file's text: itself, or what refers to its package.
    fn place_of(&self, file: &File) -> Place {
        if let Some(source) = file.path.as_ref().and_then(|path| self.shared.texts.of(path)) {
            return Place::File(source);
        }
        Place::Fixed(self.package(file).unwrap_or(self.work.chart.name_span))
    }

    /// Where the dependency of a packaged file is listed.
    fn package(&self, file: &File) -> Option<Span> {
        let name = file.package.as_ref()?.file_name()?.to_str()?;
        let named = |chart: &Loaded| {
            let all = chart.metadata.dependencies.iter();
            let mut all = all.filter(|it| {
                name.strip_prefix(it.name.as_str()).is_some_and(|rest| {
                    let rest = rest.strip_prefix('-').unwrap_or("x").trim_start_matches('v');
                    rest.starts_with(|c: char| c.is_ascii_digit())
                })
            });
            all.find_map(|it| Some(Span { source: self.shared.texts.of(&it.file)?, ..it.at }))
        };
        let mut found = None;
        self.prepared.found.chart.walk(&mut |chart| found = found.or_else(|| named(chart)));
        found
    }

    /// Renders one file, and reads its output.
    fn file(
        &mut self,
        template: &Rc<Template>,
        scope: &Scope<'_>,
        set: &Rc<TemplateSet>,
        is_whole: bool,
    ) {
        let about = Map::new(MapKind::Values);
        about.set("Name", (&*template.name).into());
        about.set("BasePath", format!("{}/templates", scope.path).into());
        scope.data.set("Template", about.into());
        let mut makes_up = false;
        let rope = loop {
            let mut renderer = Renderer::new(&mut self.origins, &self.budget);
            renderer.makes_up = makes_up;
            match renderer.file(template, set, scope.data.clone().into()) {
                Ok(rope) => break rope,
                Err(failure) => {
                    let may_go_on = matches!(failure.reason, Reason::Asked(_)) && !makes_up;
                    if !makes_up {
                        self.trouble(Trouble::of_failure(&failure), is_whole);
                    }
                    if !may_go_on {
                        return;
                    }
                    makes_up = true;
                }
            }
        };
        let (text, marks) = rope.into_parts();
        if text.len() as u64 > self.shared.helm.output_limit {
            let why = format!("renders more than {} bytes", self.shared.helm.output_limit);
            self.trouble(Trouble::of_limit(why, self.start_of(template)), is_whole);
            return;
        }
        let fallback = self.start_of(template);
        let places = Places {
            text: &text,
            marks: &marks,
            origins: &self.origins,
            sources: self.shared.sources,
            fallback,
        };
        let Shared { limits, relevance, .. } = self.shared;
        let relevance = relevance.filter(|_| !self.work.is_changed);
        let output = output::read(&places, limits, relevance, &self.budget);
        self.nodes += output.nodes;
        self.built.manifests.extend(output.manifests);
        output.problems.into_iter().for_each(|problem| self.trouble(problem, true));
    }

    fn start_of(&self, template: &Template) -> Span {
        match template.source.place {
            Place::File(source) => Span::new(source, 0, 0),
            Place::Fixed(span) => span,
        }
    }

    /// What is not rendered may contain anything.
    fn open(&mut self) {
        let opening = Opening { namespace: None, what: self.work.chart.directory.clone() };
        if !self.built.openings.contains(&opening) {
            self.built.openings.push(opening);
        }
    }

    /// Records a fault; if dependencies are missing, they may be the cause.
    fn trouble(&mut self, trouble: Trouble, is_whole: bool) {
        self.open();
        let is_known = self.built.faults.iter().any(|fault| fault.kind == FaultKind::Render);
        if (is_whole || trouble.is_of_values) && !is_known {
            self.built.faults.push(trouble.fault(
                self.work.chart,
                self.work.place,
                self.shared.sources,
            ));
        }
    }
}

/// The renderer itself failed. That is reported, and the rest of the repository is checked.
fn stopped() -> Refused {
    Refused::new(
        "can't be rendered: the renderer panicked".to_owned(),
        "report this as a bug in netpol-lint, with the chart",
    )
}

/// The steps of all charts of a run are used up.
pub(super) fn spent() -> Refused {
    Refused::new(
        "is not rendered: earlier charts used up this run's time limit".to_owned(),
        "check the repository in parts, or skip charts with `--helm never`",
    )
}

/// The result for a chart that can't be rendered.
pub(super) fn refused(work: &Work<'_>, refused: &Refused) -> Built {
    Built {
        name: work.name.clone(),
        directory: work.chart.directory.clone(),
        faults: vec![Fault {
            kind: FaultKind::Render,
            place: refused.place.unwrap_or(work.place),
            message: format!("chart `{}` {}", work.chart.name, refused.why),
            help: refused.help.to_owned(),
            related: Vec::new(),
        }],
        openings: vec![Opening { namespace: None, what: work.chart.directory.clone() }],
        files: [work.chart.source].into(),
        namespace: work.namespace.as_deref().map(Into::into),
        ..Built::default()
    }
}
