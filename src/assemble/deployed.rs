//! Directories and charts that controllers deploy.

use crate::bundle::gitops::Ask;
use crate::bundle::{Built, Fault, FaultKind, Opening, Unit};
use crate::yaml::{Node, Value};

/// The result of a kustomization or a chart, and what grouping needs to know of it.
#[derive(Clone, Debug)]
pub struct Build {
    /// The result.
    pub built: Built,
    /// How it is named, and what it is deployed by.
    pub unit: Unit,
}

/// A directory that a controller deploys, and the cluster it is deployed to.
#[derive(Clone, Debug)]
pub(crate) struct Deployed {
    pub(super) ask: Ask,
    pub(super) by: String,
}

/// The most directories and charts that controller objects may deploy: a few ApplicationSets over
/// the same directories multiply.
pub(super) const MOST_DEPLOYED: usize = 20_000;

/// The most charts that controller objects may render: each is read and rendered again.
pub(super) const MOST_CHARTS: usize = 200;

impl Deployed {
    /// What an object in `place` asks for.
    pub(super) fn of(place: &str, ask: Ask) -> Self {
        Self { by: cluster(place, &ask), ask }
    }

    /// Its identity: equal requests for one directory give the same result.
    pub(super) fn key(&self) -> String {
        let Ask { directory, kustomization, fallback, chart, .. } = &self.ask;
        let mut key = format!("{}\n{directory}\n{fallback:?}\n{:?}", self.by, chart.values);
        key.push_str(chart.release.as_deref().unwrap_or_default());
        contents(kustomization, &mut key);
        chart.inline.iter().for_each(|values| contents(values, &mut key));
        key
    }
}

/// The contents of a tree, without its spans. Its depth was limited when it was read.
fn contents(node: &Node, out: &mut String) {
    match &node.value {
        Value::Scalar(scalar) => out.push_str(&format!("{:?}", scalar.text)),
        Value::Seq(items) => {
            out.push('[');
            items.iter().for_each(|item| contents(item, out));
            out.push(']');
        }
        Value::Map(map) => {
            for entry in &map.entries {
                out.push_str(&format!("{{{:?}:", entry.key));
                contents(&entry.value, out);
                out.push('}');
            }
        }
    }
}

/// What runs side by side: what the same place requests, in the same cluster.
fn cluster(place: &str, ask: &Ask) -> String {
    let place = if place.is_empty() { "." } else { place };
    match &ask.destination {
        // An Application may deploy Applications of the same cluster.
        Some(destination) if place.ends_with(&format!(" (to {destination})")) => place.to_owned(),
        Some(destination) => format!("{place} (to {destination})"),
        None => place.to_owned(),
    }
}

/// Reports what is beyond the limit, once, where the first of it is requested.
pub(super) fn not_deployed(one: &Deployed) -> Build {
    let message = format!(
        "Flux and Argo CD objects deploy more than {MOST_DEPLOYED} directories and charts: the \
         rest are not built"
    );
    left_out(one, message)
}

/// Reports a chart that is beyond the limit, where it is requested.
pub(super) fn not_rendered(one: &Deployed) -> Build {
    left_out(one, format!("this chart is not rendered: the limit is {MOST_CHARTS} charts"))
}

fn left_out(one: &Deployed, message: String) -> Build {
    let directory = &one.ask.directory;
    let fault = Fault {
        kind: FaultKind::Limit,
        place: one.ask.place,
        message,
        help: "check the repository in parts".to_owned(),
        related: Vec::new(),
    };
    let built = Built {
        name: directory.clone(),
        directory: directory.clone(),
        faults: vec![fault],
        openings: vec![Opening { namespace: one.ask.fallback.clone(), what: directory.clone() }],
        ..Built::default()
    };
    let unit = unit(&built, directory, Some(one.by.clone()));
    Build { built, unit }
}

pub(super) fn unit(built: &Built, directory: &str, deployed_by: Option<String>) -> Unit {
    Unit {
        name: if directory.is_empty() { ".".to_owned() } else { directory.to_owned() },
        directory: directory.to_owned(),
        namespace: built.namespace.as_ref().map(ToString::to_string),
        deployed_by,
        is_chart: false,
    }
}
