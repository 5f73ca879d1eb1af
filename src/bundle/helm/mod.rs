//! Charts, rendered by the real `helm template`, and what is rendered mapped back to the lines of
//! the templates.
//!
//! helm reads a copy of the chart (`stage`), so that nothing leads it out of the repository, and
//! is run without network, plugins and anything else of the user's (`program`). It renders twice:
//! once as the chart is, once with marks in the templates (`marks`), which tell for every line of
//! the output which line of its template it is from (`output`, `places`). What helm refuses is
//! told at the line it names (`failure`).

mod arguments;
mod charts;
mod cleanup;
mod dependencies;
mod failure;
mod finish;
mod flow;
mod marks;
mod output;
mod packages;
mod places;
mod program;
mod stage;
mod work;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use compact_str::CompactString;
use rayon::prelude::*;

pub use charts::{Chart, Charts, charts};
pub use cleanup::abandon;

use crate::bundle::{Built, Fault, FaultKind, Opening};
use crate::repo::{PathSet, Repo};
use crate::text::{Sources, Span};
use crate::yaml::{Limits, Node};

use finish::Texts;
use work::Work;

/// How long one chart may take, where nobody says otherwise.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How long all charts of a run may take, where nobody says otherwise.
pub const RUN_LIMIT: Duration = Duration::from_secs(300);
/// How many bytes one chart may make, where nobody says otherwise.
pub const OUTPUT_LIMIT: u64 = 32 << 20;

/// Whether charts are rendered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// If helm is there.
    #[default]
    Auto,
    /// Not at all.
    Never,
    /// Always: a run without helm fails.
    Require,
}

impl When {
    /// Its word in the configuration and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Never => "never",
            Self::Require => "require",
        }
    }
}

/// How charts are rendered.
#[derive(Clone, Debug)]
pub struct Helm {
    /// Whether they are.
    pub when: When,
    /// The program: a path, or a name that is looked for on the PATH. Never from the repository's
    /// own configuration, since it is run.
    pub program: PathBuf,
    /// What starts the program, so that it ends when this one does: a program and the first of its
    /// arguments. Behind it come this process's id, the bytes of memory and the seconds of
    /// processor time that the program may have, the program, and its arguments.
    pub launcher: Option<(PathBuf, OsString)>,
    /// How long one chart may take.
    pub time_limit: Duration,
    /// How long all charts of a run may take, from the first one on.
    pub run: RunLimit,
    /// How many bytes one chart may make.
    pub output_limit: u64,
    /// The release's namespace where a chart has no other; none for helm's own, `default`.
    pub namespace: Option<String>,
    /// What is said of some charts; others are rendered with their default values.
    pub charts: Vec<ChartSettings>,
}

impl Default for Helm {
    fn default() -> Self {
        Self {
            when: When::default(),
            program: PathBuf::from("helm"),
            launcher: None,
            time_limit: TIME_LIMIT,
            run: RunLimit::new(RUN_LIMIT),
            output_limit: OUTPUT_LIMIT,
            namespace: None,
            charts: Vec::new(),
        }
    }
}

/// The time that all charts of a run have. Copies count down together.
#[derive(Clone, Debug)]
pub struct RunLimit {
    limit: Duration,
    started: Arc<OnceLock<Instant>>,
}

impl RunLimit {
    /// Counts from when it is first asked.
    pub fn new(limit: Duration) -> Self {
        Self { limit, started: Arc::default() }
    }

    fn left(&self) -> Duration {
        let started = self.started.get_or_init(Instant::now);
        self.limit.saturating_sub(started.elapsed())
    }
}

/// How some charts are rendered. A chart that several of these are for is rendered once for each.
#[derive(Clone, Debug)]
pub struct ChartSettings {
    /// The charts: a glob of their directories, as written.
    pub path: String,
    /// The same, understood.
    pub paths: PathSet,
    /// The release's name; none for the chart's.
    pub release: Option<String>,
    /// The release's namespace.
    pub namespace: Option<String>,
    /// Values files, relative to the repository's root; later ones win.
    pub values: Vec<String>,
}

impl ChartSettings {
    fn are_for(&self, chart: &Chart) -> bool {
        let path = self.path.trim_start_matches("./").trim_end_matches('/');
        match chart.directory.as_str() {
            "." => matches!(path, "" | "."),
            directory => path == directory || self.paths.is(directory),
        }
    }
}

/// What came of the charts of a repository.
#[derive(Debug, Default)]
pub struct Rendered {
    /// One for each chart and each of its settings, by name.
    pub built: Vec<Built>,
    /// helm is to render, there is something to render, and helm is not there. With
    /// [`When::Require`] that stops the run.
    pub missing: Option<Missing>,
    /// Paths of [`ChartSettings`] that are no chart's.
    pub unused: Vec<String>,
}

/// There is no helm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What was looked for.
    pub program: PathBuf,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not on the PATH, so Helm charts can't be rendered: {GET_HELM}",
            self.program.display()
        )
    }
}

impl std::error::Error for Missing {}

/// How to come by helm.
pub const GET_HELM: &str = "install it (https://helm.sh/docs/intro/install/), or leave charts out \
                            with `--helm never`";

/// One chart that something else refers to, as it wants it rendered.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The chart.
    pub chart: &'a Chart,
    /// The release's name; none for the chart's.
    pub release: Option<&'a str>,
    /// Where that name is written.
    pub release_place: Option<Span>,
    /// The release's namespace.
    pub namespace: Option<&'a str>,
    /// Values files, relative to the repository's root; later ones win.
    pub values: &'a [String],
    /// Values that win over all files.
    pub inline: Option<&'a Node>,
    /// Where it is asked for: where faults without a better place stand.
    pub place: Span,
}

/// Renders the charts of a repository, several at once.
///
/// Sources are added for files that are no files of `repo`, such as a helper that is named in an
/// error; those of templates and values files that are, keep their ids.
pub fn render(
    charts: &Charts,
    repo: &Repo,
    sources: &mut Sources,
    helm: &Helm,
    limits: &Limits,
) -> Rendered {
    let mut works: Vec<Work<'_>> = charts.whole().flat_map(|chart| Work::of(chart, helm)).collect();
    works.sort_by(|a, b| a.name.cmp(&b.name));
    let is_unused = |it: &&ChartSettings| !charts.whole().any(|chart| it.are_for(chart));
    let unused = helm.charts.iter().filter(is_unused).map(|it| it.path.clone()).collect();
    if works.is_empty() {
        return Rendered { unused, ..Rendered::default() };
    }
    let program = program(helm);
    let missing = match (&program, helm.when) {
        (None, When::Auto | When::Require) => Some(Missing { program: helm.program.clone() }),
        _ => None,
    };
    Rendered { built: build(works, program, repo, sources, helm, limits), missing, unused }
}

/// Renders one chart that something else refers to.
pub fn render_one(
    wanted: &Wanted<'_>,
    repo: &Repo,
    sources: &mut Sources,
    helm: &Helm,
    limits: &Limits,
) -> Built {
    let work = Work::wanted(wanted, helm);
    let built = build(vec![work], program(helm), repo, sources, helm, limits);
    built.into_iter().next().unwrap_or_default()
}

fn program(helm: &Helm) -> Option<PathBuf> {
    (helm.when != When::Never).then(|| program::find(&helm.program)).flatten()
}

fn build(
    works: Vec<Work<'_>>,
    program: Option<PathBuf>,
    repo: &Repo,
    sources: &mut Sources,
    helm: &Helm,
    limits: &Limits,
) -> Vec<Built> {
    let Some(program) = program else {
        return works.iter().map(|work| unrendered(work, helm)).collect();
    };
    let made: Vec<_> = works.par_iter().map(|work| work.make(&program, repo, helm)).collect();
    let texts = Texts::new(&works, &made, repo, sources);
    let sources: &Sources = sources;
    works
        .par_iter()
        .zip(made)
        .map(|(work, made)| finish::finish(work, made, &texts, sources, limits))
        .collect()
}

/// A chart without helm. Who does not want it rendered is not told how to.
fn unrendered(work: &Work<'_>, helm: &Helm) -> Built {
    let fault = Fault {
        kind: FaultKind::Unrendered,
        place: work.place,
        message: format!(
            "chart `{}` is not rendered because `{}` is not installed: its objects are not checked",
            work.chart.name,
            helm.program.display()
        ),
        help: GET_HELM.to_owned(),
        related: Vec::new(),
    };
    let wanted = helm.when != When::Never;
    Built {
        name: work.name.clone(),
        faults: if wanted { vec![fault] } else { Vec::new() },
        openings: vec![work.opening()],
        files: [work.chart.source].into(),
        namespace: work.given_namespace(),
        ..Built::default()
    }
}

impl Work<'_> {
    /// Anything may come from a chart that is not rendered.
    fn opening(&self) -> Opening {
        Opening { namespace: None, what: self.chart.directory.clone() }
    }

    fn given_namespace(&self) -> Option<CompactString> {
        self.namespace.as_deref().map(CompactString::new)
    }
}
