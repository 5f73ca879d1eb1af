//! One rendering: its chart, its values, and its name.

use std::io::ErrorKind;
use std::path::Path;

use super::chart::{Found, Refused, load};
use super::names::{self, is_filled_in};
use super::{Chart, ChartSettings, Helm, Wanted};
use crate::repo::{Boundary, Repo};
use crate::text::Span;
use crate::yaml::Node;

/// The size limit of a values file.
const VALUES: u64 = 16 << 20;

/// One rendering to do.
#[derive(Clone, Debug)]
pub(super) struct Work<'a> {
    pub(super) chart: &'a Chart,
    /// The bundle's name.
    pub(super) name: String,
    /// As written: it is checked before it is used.
    pub(super) release: String,
    release_place: Option<Span>,
    /// The given namespace, if there is one.
    pub(super) namespace: Option<String>,
    /// Relative to the repository's root.
    pub(super) values: Vec<String>,
    pub(super) inline: Option<&'a Node>,
    /// It has no settings, so switches around its policies are tried too.
    pub(super) is_default: bool,
    /// Where it is requested.
    pub(super) place: Span,
    /// Something changes what it makes, so that all of that is kept.
    pub(super) is_changed: bool,
}

/// A chart that is ready to render, with the texts of its values files.
pub(super) struct Prepared {
    pub(super) found: Found,
    pub(super) values: Vec<String>,
    pub(super) tested: Vec<TestValues>,
}

/// A values file that a chart is tested with (`ci/*-values.yaml`, as chart-testing has them).
pub(super) struct TestValues {
    /// Its name in the chart.
    pub(super) name: String,
    /// Relative to the repository's root.
    pub(super) path: String,
    pub(super) text: String,
}

impl<'a> Work<'a> {
    /// The renderings of a chart: one for each of its settings.
    pub(super) fn of(chart: &'a Chart, helm: &Helm) -> Vec<Self> {
        let settings: Vec<&ChartSettings> =
            helm.charts.iter().filter(|settings| settings.are_for(chart)).collect();
        let plain = Self {
            chart,
            name: chart.directory.clone(),
            release: release(&chart.name),
            release_place: None,
            namespace: None,
            values: Vec::new(),
            inline: None,
            is_default: true,
            place: chart.name_span,
            is_changed: false,
        };
        if settings.is_empty() {
            return vec![plain];
        }
        let several = settings.len() > 1;
        let work = |it: &&ChartSettings| Self {
            name: if several { told_apart(chart, it) } else { plain.name.clone() },
            release: it.release.clone().unwrap_or_else(|| plain.release.clone()),
            namespace: it.namespace.clone(),
            values: it.values.clone(),
            is_default: false,
            ..plain.clone()
        };
        settings.iter().map(work).collect()
    }

    /// A rendering that something else requests.
    pub(super) fn wanted(wanted: &Wanted<'a>) -> Self {
        Self {
            chart: wanted.chart,
            name: wanted.chart.directory.clone(),
            release: known(wanted.release)
                .map_or_else(|| release(&wanted.chart.name), str::to_owned),
            release_place: wanted.release_place,
            namespace: known(wanted.namespace).map(str::to_owned),
            values: wanted.values.to_vec(),
            inline: wanted.inline,
            is_default: false,
            place: wanted.place,
            is_changed: wanted.is_changed,
        }
    }

    /// Checks the names, and reads the chart and the values files.
    pub(super) fn prepare(&self, repo: &Repo, helm: &Helm) -> Result<Prepared, Refused> {
        let root = &repo.root;
        self.check_names(helm)?;
        if let Some((place, why)) = &self.chart.problem {
            return Err(Refused {
                place: Some(*place),
                ..Refused::new(
                    format!("has a Chart.yaml that can't be read: {why}"),
                    "fix its Chart.yaml: helm can't read it",
                )
            });
        }
        let found = load(&self.chart.open, root)?;
        let read = |path: &String| {
            let bytes = read_values(path, root).map_err(|why| {
                let help =
                    "values files must be inside the repository, with paths relative to its root";
                Refused::new(why, help)
            })?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let values: Result<Vec<String>, Refused> = self.values.iter().map(read).collect();
        let mut tested = Vec::new();
        for (name, path) in self.tested(repo) {
            let text = read(&path)?;
            tested.push(TestValues { name, path, text });
        }
        Ok(Prepared { found, values: values?, tested })
    }

    /// The values files that the chart is tested with: their names in it, and their paths.
    fn tested(&self, repo: &Repo) -> Vec<(String, String)> {
        let chart = match self.chart.directory.as_str() {
            "." => String::new(),
            directory => format!("{directory}/"),
        };
        let folder = format!("{chart}ci/");
        let first = repo.files.partition_point(|file| file.path < folder);
        let files = repo.files.iter().skip(first).map(|file| &file.path);
        let inside = files.take_while(|path| path.starts_with(&folder));
        let is_values = |path: &&String| {
            let name = path.get(folder.len()..).unwrap_or("");
            self.is_default && name.ends_with("-values.yaml") && !name.contains('/')
        };
        let name = |path: &String| path.get(chart.len()..).unwrap_or(path).to_owned();
        inside.filter(is_values).map(|path| (name(path), path.clone())).collect()
    }

    /// The namespace of the release.
    pub(super) fn namespace<'h>(&'h self, helm: &'h Helm) -> &'h str {
        self.namespace.as_deref().or(helm.namespace.as_deref()).unwrap_or("default")
    }

    fn check_names(&self, helm: &Helm) -> Result<(), Refused> {
        let rejected = |place, what: &str, name: &str, help| Refused {
            place,
            ..Refused::new(format!("is not rendered: `{name}` is not the name of a {what}"), help)
        };
        if !names::is_release(&self.release) {
            let help = "write at most 53 lowercase letters, digits, `-` and `.`, without `-` at the \
                        start or end";
            return Err(rejected(self.release_place, "release", &self.release, help));
        }
        let namespace = self.namespace(helm);
        if !names::is_namespace(namespace) {
            let help = "write at most 63 lowercase letters, digits and `-`, without `-` at the \
                        start or end";
            return Err(rejected(None, "namespace", namespace, help));
        }
        Ok(())
    }
}

/// The name of one of several bundles of a chart.
fn told_apart(chart: &Chart, settings: &ChartSettings) -> String {
    let mut parts: Vec<&str> = settings.release.iter().map(String::as_str).collect();
    let names = settings.values.iter().map(|path| path.rsplit('/').next().unwrap_or(path));
    parts.extend(names);
    match parts.as_slice() {
        [] => chart.directory.clone(),
        parts => format!("{} ({})", chart.directory, parts.join(", ")),
    }
}

/// A name that is written, unless a controller fills it in: then it is unknown.
fn known(name: Option<&str>) -> Option<&str> {
    name.filter(|name| !is_filled_in(name))
}

/// A name that is valid for a helm release: a DNS name.
fn release(name: &str) -> String {
    let fit = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
    let name: String =
        name.to_ascii_lowercase().chars().map(fit).take(names::LONGEST_RELEASE).collect();
    match name.trim_matches('-') {
        "" => "release".to_owned(),
        name => name.to_owned(),
    }
}

/// The bytes of a values file in the repository.
fn read_values(path: &str, root: &Path) -> Result<Vec<u8>, String> {
    Boundary::new(root).read(Path::new(path), VALUES).map_err(|error| {
        let why = match error.kind() {
            ErrorKind::NotFound => "does not exist".to_owned(),
            _ => format!("can't be read: {error}"),
        };
        format!("is configured with values file `{path}`, which {why}")
    })
}

#[cfg(test)]
mod tests {
    use super::release;
    use crate::bundle::helm::names;

    #[test]
    fn a_release_name_is_valid_for_helm() {
        assert_eq!(release("Shop.v2"), "shop-v2");
        assert_eq!(release("__"), "release");
        for odd in ["", "--set=a", "-\u{e4}", &"-".repeat(99), &format!("{}-b", "a".repeat(52))] {
            assert!(names::is_release(&release(odd)), "{odd}");
        }
        assert_eq!(release(&"a".repeat(80)).len(), 53);
    }
}
