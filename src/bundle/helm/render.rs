//! Renders a chart that is loaded: values first, then templates, then what they make as manifests.

use std::ops::Range;
use std::rc::Rc;

use super::chart::{Elsewhere, File, Loaded, Refused, coalesced, enabled, overlaid};
use super::data::{Release, Scope, scopes};
use super::faults::{self, Trouble};
use super::given::{below, is_switch, own_values, switch_on, values, values_path};
use super::places::Places;
use super::switches;
use super::template::{
    Budget, Data, Map, MapKind, Mark, Origins, Place, Reason, Renderer, Template, TemplateSet,
    value_of,
};
use super::texts::Texts;
use super::work::{Prepared, Work};
use super::{Helm, STEPS};
use crate::bundle::{Built, Fault, FaultKind, Manifest, Opening, heads};
use crate::text::{SourceId, Sources, Span};
use crate::yaml::{self, Limits, Node};

/// What a document of the output is read as, before its places are those of its template.
const OUTPUT: SourceId = SourceId(u32::MAX);
/// Room for the calls of a rendering: templates call one another, and are nested.
const STACK: usize = 256 << 20;
/// Nothing that belongs to a test is part of what runs.
const HOOK: &str = "helm.sh/hook";

/// What all renderings of a run share.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    pub(super) texts: &'a Texts,
    pub(super) sources: &'a Sources,
    pub(super) helm: &'a Helm,
    pub(super) limits: &'a Limits,
}

/// Renders a chart, with its policies turned on once more where its values turn them off. Says also
/// how many steps that took.
pub(super) fn render(
    work: &Work<'_>,
    prepared: &Prepared,
    shared: Shared<'_>,
) -> (Vec<Built>, u64) {
    let run = || Rendering::new(work, prepared, shared).all();
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run);
        let made = thread.ok().and_then(|thread| thread.join().ok());
        made.unwrap_or_else(|| (vec![refused(work, &stopped())], most_steps(shared.helm)))
    })
}

/// The steps that one rendering may take.
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
    /// Templates that hold a policy, and made none; and where it is written.
    silent: Vec<(Rc<Template>, Span)>,
}

/// All templates, and those that are rendered with the number of their chart.
type Parsed = (Rc<TemplateSet>, Vec<(Rc<Template>, usize)>);

/// A file that was rendered.
struct Rendered {
    text: String,
    marks: Vec<Mark>,
    fallback: Span,
}

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
            silent: Vec::new(),
        }
    }

    fn all(mut self) -> (Vec<Built>, u64) {
        let is_whole = self.missing();
        let switched = match self.once(&[], is_whole) {
            Ok(switches) if self.work.is_default => switches,
            Ok(_) => Vec::new(),
            Err(trouble) => {
                self.trouble(trouble, is_whole);
                Vec::new()
            }
        };
        let again = match switched.as_slice() {
            [] => None,
            switched => self.switched(switched),
        };
        self.tell_of_silent();
        let steps = most_steps(self.shared.helm) * 2;
        let mut left = self.budget.steps_left();
        let mut built = vec![self.built];
        match again {
            Some(again) => {
                left += again.budget.steps_left();
                built.push(again.built);
            }
            None => left += most_steps(self.shared.helm),
        }
        (built, steps.saturating_sub(left))
    }

    /// The same with those switches on; none where that does not render.
    fn switched(&mut self, switches: &[String]) -> Option<Self> {
        let mut again = Self::new(self.work, self.prepared, self.shared);
        let told: Vec<String> = switches.iter().map(|path| format!("{path}=true")).collect();
        again.built.name = format!("{} ({})", self.work.name, told.join(", "));
        // What is wrong with the chart is told once.
        let is_made = again.once(switches, true).is_ok();
        if !is_made || again.built.faults.iter().any(|it| it.kind == FaultKind::Render) {
            return None;
        }
        again.built.openings.clone_from(&self.built.openings);
        let still = |place: &Span| again.silent.iter().any(|(_, it)| it == place);
        self.silent.retain(|(_, place)| still(place));
        Some(again)
    }

    /// Notes which templates hold a policy and make none.
    fn tell_of_silent(&mut self) {
        for (template, place) in std::mem::take(&mut self.silent) {
            self.built.faults.push(faults::silent(self.work.chart, &template.name, place));
        }
    }

    /// Whether the values turn a dependency off.
    fn is_off(&self, elsewhere: &Elsewhere) -> bool {
        let Some(conditions) = elsewhere.condition.as_deref().filter(|_| elsewhere.is_direct)
        else {
            return false;
        };
        let own = self.prepared.found.chart.values.iter().map(|file| file.text().into_owned());
        let texts: Vec<String> = own.chain(self.prepared.values.iter().cloned()).collect();
        let mut trees: Vec<Node> = texts.iter().filter_map(|text| tree(text)).collect();
        trees.extend(self.work.inline.cloned());
        let answer = |condition: &str| {
            let route: Vec<&str> = condition.trim().split('.').collect();
            let found = trees.iter().rev().find_map(|tree| tree.at(&route))?;
            match found.as_scalar()?.kind {
                yaml::ScalarKind::Bool(on) => Some(on),
                _ => None,
            }
        };
        conditions.split(',').find_map(answer) == Some(false)
    }

    /// Renders it with some switches on; says which switches turn on what is not made.
    fn once(&mut self, on: &[String], is_whole: bool) -> Result<Vec<String>, Trouble> {
        let given = self.given()?;
        for path in on {
            switch_on(&given, path);
        }
        let mut mistakes = Vec::new();
        let (texts, limits, origins) = (self.shared.texts, self.shared.limits, &mut self.origins);
        let mut own = |chart: &'a Loaded| match own_values(chart, texts, limits, origins) {
            Ok(map) => map,
            Err(trouble) => {
                mistakes.push(trouble);
                Map::new(MapKind::Any)
            }
        };
        let chart = enabled(&self.prepared.found.chart, &given, &mut own);
        if let Some(mistake) = mistakes.into_iter().next() {
            return Err(mistake);
        }
        let chart = chart.map_err(Trouble::of_chart)?;
        let values = coalesced(&chart, &given, false).map_err(Trouble::of_chart)?;
        let namespace = self.work.namespace(self.shared.helm);
        let release = Release { name: &self.work.release, namespace };
        let scopes = scopes(&chart, &values, release);
        let (set, templates) = self.parse(&scopes)?;
        let (mut wanted, mut all) = (Vec::new(), Vec::new());
        for (template, at) in &templates {
            let Some(scope) = scopes.get(*at) else { continue };
            self.file(template, scope, &set, is_whole);
            let made = std::mem::take(&mut self.built.manifests);
            if self.is_exhausted() {
                break;
            }
            let is_policy = |it: &Manifest| it.head.kind.ends_with("NetworkPolicy");
            let is_silent = !made.iter().any(is_policy);
            if is_silent && let Some(place) = switches::policy(template) {
                self.silent.push((Rc::clone(template), place));
            }
            if on.is_empty() && is_silent {
                let prefix = values_path(&scope.path);
                let paths = switches::switches(template).into_iter();
                wanted.extend(paths.map(|path| below(&prefix, &path)));
            }
            all.push((Rc::clone(&template.name), made));
        }
        // Templates change values for those that helm renders after them; manifests come by file.
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.built.manifests = all.into_iter().flat_map(|(_, made)| made).collect();
        wanted.sort();
        wanted.dedup();
        wanted.retain(|path| is_switch(&values, path));
        Ok(wanted)
    }

    fn is_exhausted(&self) -> bool {
        self.budget.step(1).is_err()
    }

    /// The values given: files one after the other, then those written where it is asked for.
    fn given(&mut self) -> Result<Map, Trouble> {
        let mut all = Map::new(MapKind::Any);
        for (path, text) in self.work.values.iter().zip(&self.prepared.values) {
            let source = self.shared.texts.of(&self.shared.texts.root.join(path));
            let read = values(text, source, self.shared.limits, &mut self.origins);
            let map = read.map_err(|(span, why)| Trouble::of_values(path, span, why))?;
            all = overlaid(&all, &map);
        }
        if let Some(node) = self.work.inline {
            let origins = &mut self.origins;
            let value = value_of(node, &mut |span| origins.value(span));
            if let Data::Map(map) = value.data {
                all = overlaid(&all, &map);
            }
        }
        Ok(all)
    }

    /// All templates, and those that are rendered with the number of their chart, in helm's order.
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

    /// Where the text of a file is: itself, or what names the package that it is in.
    fn place_of(&self, file: &File) -> Place {
        if let Some(source) = file.path.as_ref().and_then(|path| self.shared.texts.of(path)) {
            return Place::File(source);
        }
        Place::Fixed(self.package(file).unwrap_or(self.work.chart.name_span))
    }

    /// Where the dependency is named that a packed file is from.
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

    /// Renders one file, and reads what it makes.
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
        self.read(&Rendered { text, marks, fallback });
    }

    fn start_of(&self, template: &Template) -> Span {
        match template.source.place {
            Place::File(source) => Span::new(source, 0, 0),
            Place::Fixed(span) => span,
        }
    }

    /// The manifests of what a file makes.
    fn read(&mut self, rendered: &Rendered) {
        let text = rendered.text.as_str();
        let places = Places {
            text,
            marks: &rendered.marks,
            origins: &self.origins,
            sources: self.shared.sources,
            fallback: rendered.fallback,
        };
        let mut problems: Vec<(Span, String)> = Vec::new();
        for range in documents(text) {
            let stream = yaml::read(OUTPUT, text, range, None, self.shared.limits);
            problems.extend(
                stream
                    .problems
                    .iter()
                    .map(|problem| (places.place(problem.span), faults::in_words(&problem.kind))),
            );
            for document in stream.documents.iter().filter(|document| !is_test(&document.root)) {
                let mut writes = Vec::new();
                let tree = places.rewritten(&document.root, &mut writes);
                for (head, tree) in heads(&tree) {
                    let writes = match head.kind.ends_with("NetworkPolicy") {
                        true => writes.clone(),
                        false => Vec::new(),
                    };
                    self.built.manifests.push(Manifest { head, tree, writes });
                }
            }
        }
        for (place, why) in problems {
            self.trouble(Trouble::of_output(place, &why), true);
        }
    }

    /// Tells what is not there; whether everything is.
    fn missing(&mut self) -> bool {
        let found = &self.prepared.found;
        let off = |elsewhere: &&Elsewhere| !self.is_off(elsewhere);
        let elsewhere: Vec<&Elsewhere> = found.elsewhere.iter().filter(off).collect();
        self.elsewhere(&elsewhere);
        let (chart, sources) = (self.work.chart, self.shared.sources);
        for (package, why) in &found.left_out {
            let why = format!("is rendered without `{package}`, which {why}");
            let trouble = Trouble::of_package(why, chart.name_span);
            self.built.faults.push(trouble.fault(chart, self.work.place, sources));
        }
        if !found.left_out.is_empty() {
            self.open();
        }
        elsewhere.is_empty() && found.left_out.is_empty()
    }

    /// Dependencies that are not there.
    fn elsewhere(&mut self, elsewhere: &[&Elsewhere]) {
        for dependency in elsewhere {
            let source = self.shared.texts.of(&dependency.file);
            let place = source.map(|source| Span { source, ..dependency.at });
            let place = place.unwrap_or(self.work.place);
            let (fault, what) = faults::remote(self.work.chart, dependency, place);
            self.built.faults.push(fault);
            self.built.openings.push(Opening { namespace: None, what });
        }
    }

    /// Anything may come from what is not rendered.
    fn open(&mut self) {
        let opening = Opening { namespace: None, what: self.work.chart.directory.clone() };
        if !self.built.openings.contains(&opening) {
            self.built.openings.push(opening);
        }
    }

    /// Notes what is wrong; where parts of the chart are not there, they may be the reason.
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

/// The renderer itself has failed. That is said, and the rest of the repository is checked.
fn stopped() -> Refused {
    Refused::new(
        "can't be rendered: the renderer panicked".to_owned(),
        "report this as a bug in netpol-lint, with the chart",
    )
}

/// Nothing is left of what all charts of a run may take.
pub(super) fn spent() -> Refused {
    Refused::new(
        "is not rendered: earlier charts used up this run's time limit".to_owned(),
        "check the repository in parts, or skip charts with `--helm never`",
    )
}

/// A chart that can't be rendered: what is left of it.
pub(super) fn refused(work: &Work<'_>, refused: &Refused) -> Built {
    Built {
        name: work.name.clone(),
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

/// The documents of what a template makes, as helm parts them: at each line that begins with `---`,
/// without the space around them.
fn documents(text: &str) -> Vec<Range<usize>> {
    let is_space = |c: char| c.is_ascii_whitespace();
    let mut starts = vec![(0, 0)];
    for (at, _) in text.match_indices("---") {
        if at == 0 || text.get(..at).is_some_and(|before| before.ends_with('\n')) {
            starts.push((at, at + 3));
        }
    }
    let ends = starts.iter().skip(1).map(|(at, _)| *at).chain([text.len()]);
    let trimmed = starts.iter().zip(ends).map(|((_, start), end)| {
        let all = text.get(*start..end).unwrap_or("");
        let head = all.len() - all.trim_start_matches(is_space).len();
        start + head..start + all.trim_end_matches(is_space).len().max(head)
    });
    trimmed.filter(|range| !range.is_empty()).collect()
}

/// Whether a manifest is only run by `helm test`.
fn is_test(root: &Node) -> bool {
    let hook = root.at(&["metadata", "annotations", HOOK]).and_then(Node::as_str);
    hook.is_some_and(|hook| hook.split(',').any(|it| it.trim().starts_with("test")))
}

fn tree(text: &str) -> Option<Node> {
    let stream = yaml::read(SourceId(0), text, 0..text.len(), None, &Limits::default());
    stream.documents.into_iter().next().map(|document| document.root)
}
