//! One rendering: what it is made of, and what helm answers.

use std::io::ErrorKind;
use std::path::Path;

use super::arguments::{self, Arguments, NamespaceName, ReleaseName, Template};
use super::dependencies::{Dependency, is_off};
use super::program::{self, Bounds, Ended};
use super::stage::{self, MARKED, PLAIN, Staged, StagedPath};
use super::{Chart, ChartSettings, Helm, Wanted, flow};
use crate::repo::{Boundary, Repo};
use crate::text::{SourceId, Span};
use crate::yaml::{self, Limits, Node};

/// What helm and its templates may take up.
const MEMORY: u64 = 1 << 30;
/// A values file is no larger.
const VALUES: u64 = 16 << 20;
/// How many templates may be left without marks, one after the other, before all are.
const ATTEMPTS: usize = 4;

/// One rendering that is to be made.
#[derive(Clone, Debug)]
pub(super) struct Work<'a> {
    pub(super) chart: &'a Chart,
    /// What the bundle is called.
    pub(super) name: String,
    /// As it is written: checked before it is used.
    release: String,
    release_place: Option<Span>,
    /// The namespace that is given, if one is.
    pub(super) namespace: Option<String>,
    /// Relative to the repository's root.
    pub(super) values: Vec<String>,
    inline: Option<&'a Node>,
    /// Where it is asked for.
    pub(super) place: Span,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Made {
    /// What helm printed, and what it printed with marks.
    Printed { staged: Staged, printed: String, marked: String },
    /// What helm said.
    Refused(Refusal),
    /// It did not get as far as that.
    Stopped(Stopped),
}

/// Why helm gave no answer.
#[derive(Debug)]
pub(super) struct Stopped {
    /// Where, if there is a better place than where the chart is asked for.
    pub(super) place: Option<Span>,
    /// The end of a sentence that begins with the chart.
    pub(super) why: String,
    pub(super) help: String,
    pub(super) elsewhere: Vec<Dependency>,
}

/// What helm refused, and what there is to tell where.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) staged: Staged,
    pub(super) said: String,
    /// Where a template made no YAML: all that was rendered, with marks.
    pub(super) rendered: String,
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
            place: chart.name_span,
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
            ..plain.clone()
        };
        settings.iter().map(work).collect()
    }

    /// What something else wants of a chart.
    pub(super) fn wanted(wanted: &Wanted<'a>, _: &Helm) -> Self {
        Self {
            chart: wanted.chart,
            name: wanted.chart.directory.clone(),
            release: known(wanted.release)
                .map_or_else(|| release(&wanted.chart.name), str::to_owned),
            release_place: wanted.release_place,
            namespace: known(wanted.namespace).map(str::to_owned),
            values: wanted.values.to_vec(),
            inline: wanted.inline,
            place: wanted.place,
        }
    }

    /// Has helm render it.
    pub(super) fn make(&self, program: &Path, repo: &Repo, helm: &Helm) -> Made {
        let prepared = self.names(helm).and_then(|names| Ok((names, self.prepare(repo)?)));
        let ((release, namespace), (mut staged, values)) = match prepared {
            Ok(prepared) => prepared,
            Err(stopped) => return Made::Stopped(stopped),
        };
        let run = |copy: &str, is_debug: bool| {
            let arguments = Arguments::template(&Template {
                release: &release,
                namespace: &namespace,
                chart: &staged.copy(copy),
                values: &values,
                is_debug,
            });
            program::run(program, &arguments, &staged.home(), &bounds(helm), helm.launcher.as_ref())
        };
        // One after the other: what is held at once is bounded for each thread.
        match run(PLAIN, false) {
            Ended::Printed(printed) => {
                let marked = with_marks(&staged, &|| run(MARKED, false));
                Made::Printed { staged, printed, marked }
            }
            Ended::Refused(_, said) => {
                // Only so does helm print what it made that is no YAML.
                let rendered = match said.contains("YAML parse error on") {
                    true => run(MARKED, true),
                    false => Ended::Printed(String::new()),
                };
                let rendered = match rendered {
                    Ended::Refused(printed, _) | Ended::Printed(printed) => printed,
                    _ => String::new(),
                };
                Made::Refused(Refusal { staged, said, rendered })
            }
            ended => {
                let (why, help) = cut_short(&ended, helm);
                let elsewhere = std::mem::take(&mut staged.elsewhere);
                Made::Stopped(Stopped { place: None, why, help, elsewhere })
            }
        }
    }

    /// The chart and the values files, ready for helm; else what to say instead.
    fn prepare(&self, repo: &Repo) -> Result<(Staged, Vec<StagedPath>), Stopped> {
        let stopped = |why: String, help: &str, elsewhere| Stopped {
            place: None,
            why,
            help: help.to_owned(),
            elsewhere,
        };
        if let Some((place, why)) = &self.chart.problem {
            return Err(Stopped {
                place: Some(*place),
                why: format!("has a Chart.yaml that can't be read: {why}"),
                help: "fix its Chart.yaml: helm can't read it".to_owned(),
                elsewhere: vec![],
            });
        }
        let mut staged = Staged::new(self.chart, &repo.root)
            .map_err(|refused| stopped(refused.why, refused.help, vec![]))?;
        let (files, trees) = match self.values_files(&staged, &repo.root) {
            Ok(values) => values,
            Err(why) => {
                let help =
                    "values files must be inside the repository, with paths relative to its root";
                return Err(stopped(why, help, staged.elsewhere));
            }
        };
        // What is turned off is not missing.
        let is_off = |it: &Dependency| it.is_of(self.chart) && is_off(it, &trees);
        staged.elsewhere.retain(|dependency| !is_off(dependency));
        Ok((staged, files))
    }

    /// The names that helm is given.
    fn names(&self, helm: &Helm) -> Result<(ReleaseName, NamespaceName), Stopped> {
        let rejected = |place, what: &str, name: &str, rule: &str| Stopped {
            place,
            why: format!("is not rendered: `{name}` is not the name of a {what}"),
            help: format!("write {rule}, without `-` at the start or end"),
            elsewhere: vec![],
        };
        let release = ReleaseName::new(&self.release).ok_or_else(|| {
            let rule = "at most 53 lowercase letters, digits, `-` and `.`";
            rejected(self.release_place, "release", &self.release, rule)
        })?;
        let Some(name) = self.namespace.as_deref().or(helm.namespace.as_deref()) else {
            return Ok((release, NamespaceName::default()));
        };
        let namespace = NamespaceName::new(name).ok_or_else(|| {
            rejected(None, "namespace", name, "at most 63 lowercase letters, digits and `-`")
        })?;
        Ok((release, namespace))
    }

    /// Copies of the values files in order, and all values, the chart's own first.
    fn values_files(
        &self,
        staged: &Staged,
        root: &Path,
    ) -> Result<(Vec<StagedPath>, Vec<Node>), String> {
        let mut copies = Vec::new();
        let own =
            std::fs::read(staged.copy(PLAIN).as_path().join("values.yaml")).unwrap_or_default();
        let mut trees = vec![own];
        for path in &self.values {
            let bytes = read_values(path, root)?;
            trees.push(bytes.clone());
            let copy = staged.add_values(copies.len(), &bytes);
            copies.push(copy.map_err(|error| format!("can't be prepared: {error}"))?);
        }
        if let Some(node) = self.inline {
            let text = flow::flow(node, &flow::whole);
            let copy = staged.add_values(copies.len(), text.as_bytes());
            copies.push(copy.map_err(|error| format!("can't be prepared: {error}"))?);
        }
        let trees = trees.iter().filter_map(|bytes| tree(bytes));
        Ok((copies, trees.chain(self.inline.cloned()).collect()))
    }
}

fn bounds(helm: &Helm) -> Bounds {
    Bounds { time: helm.time_limit.min(helm.run.left()), output: helm.output_limit, memory: MEMORY }
}

/// What the marked copy makes. A comment in the middle of a text that goes on in the next line is
/// a mistake: that template is rendered without marks then.
fn with_marks(staged: &Staged, run: &dyn Fn() -> Ended) -> String {
    for _ in 0..ATTEMPTS {
        match run() {
            Ended::Printed(marked) => return marked,
            Ended::Refused(_, said) => {
                let Some(name) = super::failure::yaml_error_in(&said) else { break };
                if !staged.unmark(&name) {
                    break;
                }
            }
            _ => break,
        }
    }
    String::new()
}

/// Why helm was not waited for any longer.
fn cut_short(ended: &Ended, helm: &Helm) -> (String, String) {
    let loops = "look for an endless loop in its templates";
    match ended {
        Ended::Late if helm.run.left().is_zero() => {
            let why = "is not rendered: earlier charts used up this run's time limit";
            (
                why.to_owned(),
                "check the repository in parts, or skip charts with `--helm never`".to_owned(),
            )
        }
        Ended::Late => {
            let seconds = helm.time_limit.as_secs_f64();
            let why = format!("takes longer than {seconds} seconds to render");
            (why, format!("{loops}, or raise `time-limit` in `[helm]`"))
        }
        Ended::Long => {
            let why = format!("renders more than {} bytes", helm.output_limit);
            (why, format!("{loops}, or raise `output-limit` in `[helm]`"))
        }
        Ended::Large => {
            let why = format!("needs more than {} MiB of memory to render", MEMORY >> 20);
            (why, loops.to_owned())
        }
        Ended::Failed(why) => {
            let help = "make sure that `helm version` works, or skip charts with `--helm never`";
            (format!("can't be rendered because helm can't be run: {why}"), help.to_owned())
        }
        Ended::Printed(_) | Ended::Refused(..) => (String::new(), String::new()),
    }
}

/// The name of one of several bundles that are made of a chart.
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
    name.filter(|name| !arguments::is_filled_in(name))
}

/// A name that helm takes for a release: what DNS takes.
fn release(name: &str) -> String {
    let fit = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
    let name: String =
        name.to_ascii_lowercase().chars().map(fit).take(arguments::LONGEST_RELEASE).collect();
    match name.trim_matches('-') {
        "" => "release".to_owned(),
        name => name.to_owned(),
    }
}

fn tree(bytes: &[u8]) -> Option<Node> {
    let text = String::from_utf8_lossy(bytes);
    let stream = yaml::read(SourceId(0), &text, 0..text.len(), None, &Limits::default());
    stream.documents.into_iter().next().map(|document| document.root)
}

/// The bytes of a values file of the repository.
fn read_values(path: &str, root: &Path) -> Result<Vec<u8>, String> {
    Boundary::new(root).read(Path::new(path), VALUES).map_err(|error| {
        let why = match error.kind() {
            ErrorKind::NotFound => "does not exist".to_owned(),
            _ => format!("can't be read: {error}"),
        };
        format!("is configured with values file `{path}`, which {why}")
    })
}

impl Staged {
    /// Takes the marks out of one template of the marked copy; whether there is such a template.
    fn unmark(&self, name: &str) -> bool {
        let Some(place) = self.place(name) else { return false };
        let copy = |which| self.copy(which).as_path().join(&place);
        std::fs::copy(copy(stage::PLAIN), copy(stage::MARKED)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::release;
    use crate::bundle::helm::arguments::ReleaseName;

    #[test]
    fn a_release_has_a_name_that_helm_takes() {
        assert_eq!(release("Shop.v2"), "shop-v2");
        assert_eq!(release("__"), "release");
        for odd in ["", "--set=a", "-\u{e4}", &"-".repeat(99), &format!("{}-b", "a".repeat(52))] {
            assert!(ReleaseName::new(&release(odd)).is_some(), "{odd}");
        }
        assert_eq!(release(&"a".repeat(80)).len(), 53);
    }
}
