//! Other ways to render a chart of which nothing is said: with its policies turned on, under the name
//! of another release, and with the values that its authors test it with.

use super::switches::Assignment;
use super::work::TestValues;

/// One way to render a chart.
#[derive(Clone, Debug, Default)]
pub(super) struct Variant {
    pub(super) set: Vec<Assignment>,
    /// The name of the release; none for the one that the work has.
    pub(super) release: Option<&'static str>,
    /// The number of the values file that it is tested with; none for none.
    pub(super) tested: Option<usize>,
}

/// Names of releases that charts are tried with, as their documentation has them.
const RELEASES: [&str; 3] = ["my-release", "example", "demo"];

impl Variant {
    /// The name of its bundle.
    pub(super) fn name(&self, chart: &str, files: &[TestValues]) -> String {
        let mut parts: Vec<String> = self.set.iter().map(Assignment::to_string).collect();
        parts.extend(self.release.map(|name| format!("release={name}")));
        parts.extend(self.tested.and_then(|nth| files.get(nth)).map(|it| it.name.clone()));
        match parts.as_slice() {
            [] => chart.to_owned(),
            parts => format!("{chart} ({})", parts.join(", ")),
        }
    }
}

/// A release whose name does not contain the chart's, so that the chart's full name is another one
/// than its name.
pub(super) fn release_unlike(chart: &str) -> Option<&'static str> {
    RELEASES.into_iter().find(|name| !chart.is_empty() && !name.contains(chart))
}
