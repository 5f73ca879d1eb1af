//! Charts, rendered natively, with every piece of the result mapped back to the line of the
//! template that wrote it, and to the line of its value.
//!
//! A chart is read with its subcharts (`chart`), and nothing from outside the repository. Its values
//! are merged and handed to its templates (`data`), which `template` executes as helm does. The result
//! is read as manifests (`output`) whose nodes point into their templates (`places`). Policies that the
//! values turn off are turned on in a rendering of their own (`switches`). What does not render is
//! reported at the line that fails (`faults`).

mod capabilities;
mod chart;
mod charts;
mod data;
mod faults;
mod given;
mod names;
mod output;
mod places;
mod render;
mod switches;
mod template;
mod texts;
mod variants;
mod work;

use std::path::Path;
use std::time::Duration;

use compact_str::CompactString;
use rayon::prelude::*;

pub use capabilities::{Capabilities, KubeVersion};
pub use charts::{Chart, Charts, charts};
pub use switches::Assignment;

use crate::bundle::{Built, Opening};
use crate::repo::{PathSet, Repo};
use crate::text::{Sources, Span};
use crate::yaml::{Limits, Node, Partial};

use render::{Shared, Taken};
use texts::Texts;
use work::Work;

/// The default time limit of one chart.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);
/// The default output limit of one chart, in bytes.
pub const OUTPUT_LIMIT: u64 = 32 << 20;
/// The steps that count as a second: counted and not timed, so that a chart renders on every
/// machine or on none.
const STEPS: u64 = 200_000;
/// The steps of all charts of a run: as many as 30 charts that each reach their limit.
const RUN_STEPS: u64 = 300 * STEPS;
/// How many charts are loaded and rendered before their steps are counted.
const AT_ONCE: usize = 8;
/// The nodes of manifests that all charts of a run may make, as they are kept.
const RUN_NODES: usize = 8_000_000;

/// Whether charts are rendered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// All of them.
    #[default]
    Auto,
    /// None.
    Never,
    /// All of them: the former word for a run that fails without helm.
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
    /// Whether they are rendered.
    pub when: When,
    /// The time limit of one chart, counted in steps.
    pub time_limit: Duration,
    /// The output limit of one chart, in bytes.
    pub output_limit: u64,
    /// The release's namespace of charts without one; `None` for helm's own, `default`.
    pub namespace: Option<String>,
    /// The cluster that they are rendered for.
    pub capabilities: Capabilities,
    /// Values that turn policies on, beside the switches that are named after network policies.
    pub sets: Vec<Assignment>,
    /// Settings of certain charts; others are rendered with their default values.
    pub charts: Vec<ChartSettings>,
}

impl Default for Helm {
    fn default() -> Self {
        Self {
            when: When::default(),
            time_limit: TIME_LIMIT,
            output_limit: OUTPUT_LIMIT,
            namespace: None,
            capabilities: Capabilities::default(),
            sets: Vec::new(),
            charts: Vec::new(),
        }
    }
}

/// Settings of certain charts. A chart that matches several of these is rendered once for each.
#[derive(Clone, Debug)]
pub struct ChartSettings {
    /// The charts: a glob of their directories, as written.
    pub path: String,
    /// The same, compiled.
    pub paths: PathSet,
    /// The release's name; `None` for the chart's.
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

/// The rendered charts of a repository.
#[derive(Debug, Default)]
pub struct Rendered {
    /// One for each chart and each of its settings, by name.
    pub built: Vec<Built>,
    /// Paths of [`ChartSettings`] that match no chart.
    pub unused: Vec<String>,
}

/// One chart that something else refers to, with its settings.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The chart.
    pub chart: &'a Chart,
    /// The release's name; `None` for the chart's.
    pub release: Option<&'a str>,
    /// Where that name is written.
    pub release_place: Option<Span>,
    /// The release's namespace.
    pub namespace: Option<&'a str>,
    /// Values files, relative to the repository's root; later ones win.
    pub values: &'a [String],
    /// Values that override all files.
    pub inline: Option<&'a Node>,
    /// Where it is requested: the place of faults without a better one.
    pub place: Span,
    /// Something changes what it makes, so that all of that is kept.
    pub is_changed: bool,
}

/// All renderings of a run: what they have in common, and what they may still use.
pub struct Run<'a> {
    repo: &'a Repo,
    helm: &'a Helm,
    limits: &'a Limits,
    texts: Texts,
    relevance: Option<&'a dyn Partial>,
    /// What is left for all charts.
    left: Taken,
}

impl<'a> Run<'a> {
    /// Nothing is rendered yet. `relevance` says of which manifests the head is enough; without it,
    /// all of each is kept.
    pub fn new(
        repo: &'a Repo,
        helm: &'a Helm,
        limits: &'a Limits,
        relevance: Option<&'a dyn Partial>,
    ) -> Self {
        let left = Taken { steps: RUN_STEPS, nodes: RUN_NODES };
        Self { repo, helm, limits, texts: Texts::of_repository(repo), relevance, left }
    }

    /// Renders the charts of a repository, several at once.
    ///
    /// Sources are added for files that the repository does not list, such as a helper that an
    /// error refers to; templates and values files that it lists keep their ids.
    pub fn render(&mut self, charts: &Charts, sources: &mut Sources) -> Rendered {
        let mut works: Vec<Work<'_>> =
            charts.whole().flat_map(|chart| Work::of(chart, self.helm)).collect();
        works.sort_by(|a, b| a.name.cmp(&b.name));
        let is_unused = |it: &&ChartSettings| !charts.whole().any(|chart| it.are_for(chart));
        let unused = self.helm.charts.iter().filter(is_unused).map(|it| it.path.clone()).collect();
        let chunks = works.chunks(AT_ONCE);
        Rendered { built: chunks.flat_map(|works| self.build(works, sources)).collect(), unused }
    }

    /// Renders one chart that something else refers to.
    pub fn render_one(&mut self, wanted: &Wanted<'_>, sources: &mut Sources) -> Built {
        let built = self.build(&[Work::wanted(wanted)], sources);
        built.into_iter().next().unwrap_or_default()
    }

    fn build(&mut self, works: &[Work<'_>], sources: &mut Sources) -> Vec<Built> {
        if self.helm.when == When::Never {
            return works.iter().map(unrendered).collect();
        }
        if self.left.steps == 0 || self.left.nodes == 0 {
            let spent = render::spent();
            return works.iter().map(|work| render::refused(work, &spent)).collect();
        }
        let root = &self.repo.root;
        let prepared: Vec<_> =
            works.par_iter().map(|work| work.prepare(self.repo, self.helm)).collect();
        let tested = prepared.iter().flatten().flat_map(|prepared| &prepared.tested);
        let tested = tested.map(|file| &file.path);
        let values = works.iter().flat_map(|work| &work.values).chain(tested);
        let values: Vec<_> = values.map(|path| root.join(path)).collect();
        let found = prepared.iter().flatten().flat_map(|prepared| &prepared.found.files);
        self.texts.add(found.chain(&values).map(Path::new), sources);
        let shared = Shared {
            texts: &self.texts,
            sources,
            helm: self.helm,
            limits: self.limits,
            relevance: self.relevance,
        };
        let rendered: Vec<(Vec<Built>, Taken)> = works
            .par_iter()
            .zip(&prepared)
            .map(|(work, prepared)| match prepared {
                Ok(prepared) => render::render(work, prepared, shared),
                Err(refused) => (vec![render::refused(work, refused)], Taken::default()),
            })
            .collect();
        for (_, taken) in &rendered {
            self.left.steps = self.left.steps.saturating_sub(taken.steps);
            self.left.nodes = self.left.nodes.saturating_sub(taken.nodes);
        }
        rendered.into_iter().flat_map(|(built, _)| built).collect()
    }
}

/// A chart that is not rendered: it may contain anything.
fn unrendered(work: &Work<'_>) -> Built {
    Built {
        name: work.name.clone(),
        directory: work.chart.directory.clone(),
        openings: vec![Opening { namespace: None, what: work.chart.directory.clone() }],
        files: [work.chart.source].into(),
        namespace: work.namespace.as_deref().map(CompactString::new),
        ..Built::default()
    }
}
