//! `helmCharts`: charts that a kustomization has rendered. Those that lie in the repository are
//! rendered by [`crate::bundle::helm`]; what comes from elsewhere is not fetched.

use crate::bundle::path_from;
use crate::text::Span;
use crate::yaml::Node;

use super::{edit, kustomization};

/// A chart that a kustomization asks for.
#[derive(Clone, Debug)]
pub struct ChartAsk {
    /// Where it is asked for, and what names it.
    pub place: Span,
    /// The directory that it should lie in, relative to the repository's root.
    pub directory: String,
    /// The release's name.
    pub release: String,
    /// The release's namespace.
    pub namespace: Option<String>,
    /// Values files, relative to the repository's root; later ones win.
    pub values: Vec<String>,
    /// Values that win over all files.
    pub inline: Option<Node>,
}

/// Where kustomize looks for charts (api/types/helmchartargs.go).
const HOME: &str = "charts";

/// The charts of `helmCharts`.
pub(super) fn asks(directory: &str, tree: &Node) -> Vec<ChartAsk> {
    let home = kustomization::field(tree, "helmGlobals")
        .and_then(|globals| kustomization::string(globals, "chartHome"))
        .unwrap_or(HOME);
    let ask = |item: &Node| {
        let name = item.get("name")?;
        let called = edit::text(name)?;
        let files = kustomization::items(item, "additionalValuesFiles").iter();
        let files = item.get("valuesFile").into_iter().chain(files).filter_map(edit::text);
        Some(ChartAsk {
            place: place(item),
            directory: path_from(directory, &format!("{home}/{called}"))?,
            release: kustomization::string(item, "releaseName").unwrap_or(called).to_owned(),
            namespace: kustomization::string(item, "namespace").map(str::to_owned),
            values: files.filter_map(|file| path_from(directory, file)).collect(),
            inline: item.get("valuesInline").cloned(),
        })
    };
    kustomization::items(tree, "helmCharts").iter().filter_map(ask).collect()
}

/// Where a chart is asked for.
pub(super) fn place(item: &Node) -> Span {
    let name = item.get("name").or_else(|| item.get("chartName"));
    name.map_or_else(|| edit::first_line(item), |name| name.span)
}
