//! Charts as helm loads them: their files, `Chart.yaml`, their subcharts, and the values of all of
//! them.

mod archive;
mod disk;
mod ignore;
mod metadata;
mod parts;
mod values;

pub(super) use disk::{load, shown};
pub(super) use metadata::Metadata;
pub(super) use parts::enabled;
pub(super) use values::{coalesced, copied, overlaid};

use std::path::PathBuf;
use std::sync::Arc;

use metadata::Dependency;

use super::template::{Exhausted, Map, float_text};
use crate::text::Span;
use crate::yaml::{Node, ScalarKind};

/// A chart with everything that it consists of.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) metadata: Metadata,
    /// Its own values; `None` if it has no `values.yaml`.
    pub(super) values: Option<File>,
    pub(super) templates: Vec<File>,
    /// What templates may request.
    pub(super) others: Vec<File>,
    /// Whether it has a schema for its values.
    pub(super) has_schema: bool,
    /// The charts in its `charts/`, and those in the same repository that it depends on.
    pub(super) parts: Vec<Loaded>,
}

/// A file of a chart.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// Its name in the chart: `templates/pod.yaml`.
    pub(super) name: String,
    pub(super) bytes: Arc<[u8]>,
    /// Its path; `None` if it is in a package.
    pub(super) path: Option<PathBuf>,
    /// The path of its package, if it is in one.
    pub(super) package: Option<PathBuf>,
}

/// Why a chart can't be loaded.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    /// The place, if there is a better one than where the chart is requested.
    pub(super) place: Option<Span>,
    /// The end of a sentence that begins with the chart.
    pub(super) why: String,
    pub(super) help: &'static str,
}

impl Refused {
    pub(super) fn new(why: String, help: &'static str) -> Self {
        Self { place: None, why, help }
    }

    fn unreadable(path: &str, error: &std::io::Error) -> Self {
        let why = format!("has `{path}`, which can't be read: {error}");
        Self::new(why, "make it readable, or remove it from the chart")
    }
}

/// A chart with its enabled subcharts.
pub(in crate::bundle::helm) struct Enabled<'l> {
    /// Its name: its alias, if it has one.
    pub(in crate::bundle::helm) name: String,
    pub(in crate::bundle::helm) chart: &'l Loaded,
    /// Its own values, with those that it imports from its subcharts.
    pub(in crate::bundle::helm) values: Map,
    pub(in crate::bundle::helm) parts: Vec<Enabled<'l>>,
    /// Its enabled dependencies, by the names that they have here.
    dependencies: Vec<Dependency>,
}

/// Why values can't be put together.
#[derive(Clone, Debug)]
pub(super) enum Unfit {
    /// The end of a sentence that begins with the chart.
    Wrong(String),
    Limit(Exhausted),
}

impl From<Exhausted> for Unfit {
    fn from(limit: Exhausted) -> Self {
        Self::Limit(limit)
    }
}

/// A dependency that is not present.
#[derive(Clone, Debug)]
pub(super) struct Elsewhere {
    pub(super) name: String,
    pub(super) repository: String,
    pub(super) condition: Option<String>,
    /// Where it is listed, in a file that may not be a source yet.
    pub(super) file: PathBuf,
    pub(super) at: Span,
    /// The chart itself lists it, and not one of its subcharts.
    pub(super) is_direct: bool,
}

/// The result of loading.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) chart: Loaded,
    pub(super) elsewhere: Vec<Elsewhere>,
    /// Packages that can't be unpacked: their paths in the chart, and why.
    pub(super) left_out: Vec<(String, String)>,
    /// All files that were read, by their paths on disk.
    pub(super) files: Vec<PathBuf>,
}

impl File {
    pub(super) fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

impl Loaded {
    /// Visits this chart and all its subcharts.
    pub(super) fn walk<'l>(&'l self, each: &mut dyn FnMut(&'l Loaded)) {
        each(self);
        self.parts.iter().for_each(|part| part.walk(each));
    }
}

/// The scalar of a key as a Go string: a plain `1.0` is a number first, and then `1`.
pub(super) fn text(node: &Node, key: &str) -> Option<String> {
    let scalar = node.get(key)?.as_scalar()?;
    Some(match scalar.kind {
        ScalarKind::Null => String::new(),
        ScalarKind::Bool(value) => value.to_string(),
        ScalarKind::Int(int) => int.to_string(),
        ScalarKind::Float(float) => float_text(float),
        ScalarKind::Str | ScalarKind::NotJson => scalar.text.to_string(),
    })
}
