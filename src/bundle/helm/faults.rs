//! Faults of a chart that does not render completely.

use super::Chart;
use super::chart::{Elsewhere, Unfit};
use super::template::{Exhausted, Failure, Place, Reason};
use super::texts::line_of;
use crate::bundle::{Fault, FaultKind};
use crate::text::{Sources, Span};
use crate::yaml::ProblemKind;

/// The longest message that is shown in full.
const LONGEST: usize = 300;

/// Why a chart does not render.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    /// The end of a sentence that begins with the chart.
    why: String,
    kind: Kind,
    /// From the rendered file inwards, through the templates that it includes.
    places: Vec<Span>,
    pub(super) is_of_values: bool,
    /// Whether the whole line is meant, and not only the place.
    is_line: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A template requires a value that is not given.
    Asks,
    Template,
    Output,
    Values,
    Package,
    Limit,
}

impl From<Unfit> for Trouble {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Wrong(why) => Self::new(Kind::Values, why, Vec::new()),
            Unfit::Limit(limit) => limit.into(),
        }
    }
}

impl From<Exhausted> for Trouble {
    fn from(limit: Exhausted) -> Self {
        Self::new(Kind::Limit, exceeded(limit).to_owned(), Vec::new())
    }
}

fn exceeded(limit: Exhausted) -> &'static str {
    match limit {
        Exhausted::Steps => "takes too many steps to render",
        Exhausted::Bytes => "renders too much text",
        Exhausted::Depth => "is nested too deeply to render",
    }
}

impl Trouble {
    fn new(kind: Kind, why: String, places: Vec<Span>) -> Self {
        Self { why, kind, places, is_of_values: kind == Kind::Values, is_line: false }
    }

    /// The same, at a place.
    pub(super) fn at(self, place: Span) -> Self {
        Self { places: vec![place], ..self }
    }

    /// An unreadable values file.
    pub(super) fn of_values(name: &str, place: Option<Span>, why: String) -> Self {
        let name = match name {
            "values.yaml" => name.to_owned(),
            name => format!("`{name}`"),
        };
        let why = format!("does not render: {name}: {why}");
        Self::new(Kind::Values, why, place.into_iter().collect())
    }

    /// An invalid template.
    pub(super) fn of_template(place: Place, at: usize, why: &str, sources: &Sources) -> Self {
        let span = match place {
            Place::File(source) => {
                let line = sources.start(Span::new(source, at, at)).line;
                line_of(sources, source, line)
            }
            Place::Fixed(span) => span,
        };
        Self::new(Kind::Template, format!("does not render: {why}"), vec![span])
    }

    /// The output of a template is not YAML.
    pub(super) fn of_output(place: Span, why: &str) -> Self {
        let why = format!("renders invalid YAML: {why}");
        Self { is_line: place.start == place.end, ..Self::new(Kind::Output, why, vec![place]) }
    }

    /// A packaged subchart that can't be unpacked.
    pub(super) fn of_package(why: String, place: Span) -> Self {
        Self::new(Kind::Package, why, vec![place])
    }

    /// It exceeds a limit.
    pub(super) fn of_limit(why: String, place: Span) -> Self {
        Self::new(Kind::Limit, why, vec![place])
    }

    /// A template that fails.
    pub(super) fn of_failure(failure: &Failure) -> Self {
        let places: Vec<Span> = failure.spots.iter().rev().map(|spot| spot.span).collect();
        let innermost = failure.spots.first().map_or("", |spot| spot.expression.as_str());
        let (kind, why) = match &failure.reason {
            Reason::Asked(why) => (Kind::Asks, format!("does not render: {}", one_line(why))),
            Reason::Wrong(why) => {
                let expression = one_line(innermost);
                let why = without_call(why);
                (Kind::Template, format!("does not render: `{expression}`: {}", one_line(why)))
            }
            Reason::Limit(limit) => (Kind::Limit, exceeded(*limit).to_owned()),
        };
        Self { is_line: true, ..Self::new(kind, why, places) }
    }

    /// The fault for a finding.
    pub(super) fn fault(&self, chart: &Chart, fallback: Span, sources: &Sources) -> Fault {
        let shown = |span: &Span| match self.is_line {
            true => line_of(sources, span.source, sources.start(*span).line),
            false => *span,
        };
        let place = self.places.first().map_or(fallback, shown);
        let innermost = self.places.last().map(shown).filter(|last| *last != place);
        let related =
            innermost.map(|span| (span, "it fails here, in the included template".to_owned()));
        Fault {
            kind: if self.kind == Kind::Asks { FaultKind::Asked } else { FaultKind::Render },
            place,
            message: format!("chart `{}` {}", chart.name, self.why.trim_end_matches('.')),
            help: self.help(&chart.directory),
            related: related.into_iter().collect(),
        }
    }

    fn help(&self, directory: &str) -> String {
        match self.kind {
            Kind::Asks => format!(
                "put the value in a values file, and add that to netpol-lint.toml: \
                 `[[helm.chart]]` with `path = \"{directory}\"` and `values = [\"…\"]`"
            ),
            Kind::Template => format!(
                "fix the template; or, if it needs a value that users must set, add a values file \
                 to netpol-lint.toml: `[[helm.chart]]` with `path = \"{directory}\"`"
            ),
            Kind::Output => "fix the template, or the value that it writes here".to_owned(),
            Kind::Values => "fix the values file".to_owned(),
            Kind::Package => "package the chart again with `helm package`".to_owned(),
            Kind::Limit => "look for an endless loop in its templates, or raise `time-limit` or \
                            `output-limit` in `[helm]`"
                .to_owned(),
        }
    }
}

/// A missing dependency, and what it may contain.
pub(super) fn remote(chart: &Chart, dependency: &Elsewhere, place: Span) -> (Fault, String) {
    let of = match dependency.repository.as_str() {
        "" => String::new(),
        repository => format!(" of `{repository}`"),
    };
    let fault = Fault {
        kind: FaultKind::Remote,
        place,
        message: format!(
            "chart `{}` depends on chart `{}`{of}, which is not in its `charts/`: it is not \
             downloaded, so its objects are not checked",
            chart.name, dependency.name
        ),
        help: format!("run `helm dependency build {}`", chart.directory),
        related: Vec::new(),
    };
    let what = match dependency.repository.as_str() {
        "" => dependency.name.clone(),
        repository => format!("{}/{}", repository.trim_end_matches('/'), dependency.name),
    };
    (fault, what)
}

/// A schema for values, which is not applied: it may name others to be fetched.
pub(super) fn schema(chart: &Chart) -> Fault {
    Fault {
        kind: FaultKind::Unapplied,
        place: chart.name_span,
        message: format!(
            "the values schema of chart `{}` is not applied: it may rule out values that are \
             rendered here",
            chart.name
        ),
        help: "nothing is to be done: helm applies it when the chart is installed".to_owned(),
        related: Vec::new(),
    }
}

/// A template that contains a policy and renders none. `name` is helm's name for it.
pub(super) fn silent(chart: &Chart, name: &str, place: Span) -> Fault {
    let directory = &chart.directory;
    let file = name.rsplit('/').next().unwrap_or(name);
    Fault {
        kind: FaultKind::Unrendered,
        place,
        message: format!(
            "the policies in `{file}` of chart `{}` are not checked: it renders none with these \
             values",
            chart.name
        ),
        help: format!(
            "add a values file that turns it on to netpol-lint.toml: `[[helm.chart]]` with \
             `path = \"{directory}\"` and `values = [\"…\"]`"
        ),
        related: Vec::new(),
    }
}

/// A chart that was rendered with its defaults, and would take too long with each of its other values.
pub(super) fn untried(chart: &Chart) -> Fault {
    Fault {
        kind: FaultKind::Unrendered,
        place: chart.name_span,
        message: format!(
            "chart `{}` takes too many steps to be tried with other values",
            chart.name
        ),
        help:
            "raise `time-limit` or `output-limit` in `[helm]` to check its policies with them too"
                .to_owned(),
        related: Vec::new(),
    }
}

/// A YAML problem, in words.
pub(super) fn in_words(kind: &ProblemKind) -> String {
    match kind {
        ProblemKind::Syntax(why) | ProblemKind::Limit(why) => why.clone(),
        ProblemKind::Template => "it still contains `{{ … }}`".to_owned(),
        ProblemKind::NotUtf8 => "it is not UTF-8".to_owned(),
    }
}

/// Without Go's `error calling …`, which the expression already shows.
fn without_call(why: &str) -> &str {
    let rest = why.strip_prefix("error calling ").and_then(|rest| rest.split_once(": "));
    rest.map_or(why, |(_, rest)| rest)
}

/// On one line, with a limited length.
fn one_line(why: &str) -> String {
    let mut words = why.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = words.char_indices().nth(LONGEST) {
        words.truncate(at);
        words.push('…');
    }
    words
}
