//! The effective settings: for each key the flag, or else the configuration, or else the default;
//! and which of them it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;

use crate::bundle::helm::{self, Assignment, Capabilities, ChartSettings, KubeVersion, When};
use crate::bundle::{Grouping, NamedCluster, TRIAL_DIRECTORIES};
use crate::config::{self, At, Config};
use crate::lint::{Confidence, RULES, Severity};
use crate::model::InventoryFile;
use crate::resolve::{self, Plugin, Profile, WellKnown};
use crate::triage::{PerPath, Selection};
use crate::{Request, repo, report, yaml};

use super::Failure;
use super::options::{ConfigArgs, ContextArgs, FileArgs, FindingArgs};
use super::terminal::Terminal;
use super::values::{FailOn, Level, Render, Sureness};

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// It is the default.
    Default,
    /// A line of the configuration.
    File(usize),
    /// A flag.
    Flag(&'static str),
}

/// A value, and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Value<T> {
    pub(super) value: T,
    pub(super) origin: Origin,
}

/// The effective settings.
#[derive(Debug)]
pub(super) struct InForce {
    /// The path of the configuration, as shown to users.
    pub(super) file: Option<String>,
    pub(super) select: Value<Vec<String>>,
    pub(super) ignore: Value<Vec<String>>,
    pub(super) pedantic: Value<bool>,
    pub(super) min_severity: Value<Option<Severity>>,
    pub(super) min_confidence: Value<Option<Confidence>>,
    /// `None` for `never`.
    pub(super) fail_on: Value<Option<Severity>>,
    pub(super) include: Value<Vec<String>>,
    pub(super) exclude: Value<Vec<String>>,
    pub(super) severity: Vec<At<(String, Severity)>>,
    pub(super) per_path: Vec<At<(Vec<String>, PerPath)>>,
    pub(super) default_namespace: Value<Option<String>>,
    pub(super) profile: Value<Option<Profile>>,
    pub(super) cni: Value<Option<Plugin>>,
    pub(super) well_known: Vec<At<WellKnown>>,
    pub(super) pod_ranges: Value<Vec<IpNet>>,
    pub(super) service_ranges: Value<Vec<IpNet>>,
    /// Paths in the configuration are relative to it.
    pub(super) inventory: Value<Vec<String>>,
    pub(super) clusters: Vec<At<(Vec<String>, NamedCluster)>>,
    pub(super) test_directories: Value<Vec<String>>,
    /// Whether the repository's expectations are part of a check.
    pub(super) expectations: Value<bool>,
    /// Whether charts are rendered.
    pub(super) render: Value<When>,
    /// The limits for one chart: seconds, and bytes.
    pub(super) helm_limits: [(&'static str, Value<u64>); 2],
    pub(super) kube_version: Value<KubeVersion>,
    pub(super) api_versions: Value<Vec<String>>,
    pub(super) helm_sets: Value<Vec<Assignment>>,
    pub(super) charts: Vec<At<ChartSettings>>,
    /// By key, in the order of the documentation.
    pub(super) limits: [(&'static str, Value<u64>); 5],
}

impl InForce {
    /// Reads the configuration, and overrides it with the arguments.
    pub(super) fn new(
        findings: &FindingArgs,
        context: &ContextArgs,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let (file, config) = match text(&context.config, &context.paths, terminal)? {
            Some(Text { path, text, is_inside }) => {
                let config = config::read(&path, &text).map_err(|error| {
                    Failure::Config(if is_inside { error } else { error.without_excerpt() })
                })?;
                (Some(path), config)
            }
            None => (None, Config::default()),
        };
        Self::choose(findings, &context.files, file, config)
    }

    fn choose(
        findings: &FindingArgs,
        files: &FileArgs,
        file: Option<String>,
        config: Config,
    ) -> Result<Self, Failure> {
        let ignore = choose("--ignore", ids(&findings.ignore)?, config.ignore, vec![]);
        let defaults = yaml::Limits::default();
        let limits = config.limits;
        let limit = |key, written, default| {
            let typed = files.limit.iter().rev().find(|limit| limit.key == key);
            (key, choose("--limit", typed.map(|limit| limit.most), written, default))
        };
        Ok(Self {
            file,
            select: choose("--select", ids(&findings.select)?, config.select, vec![]),
            ignore: without_selected(ignore, &findings.select),
            pedantic: choose(
                "--pedantic",
                findings.pedantic.then_some(true),
                config.pedantic,
                false,
            ),
            min_severity: choose(
                "--min-severity",
                findings.min_severity.map(|level| Some(severity(level))),
                config.min_severity.map(some),
                None,
            ),
            min_confidence: choose(
                "--min-confidence",
                findings.min_confidence.map(|sureness| Some(confidence(sureness))),
                config.min_confidence.map(some),
                None,
            ),
            fail_on: choose(
                "--fail-on",
                findings.fail_on.map(fail_on),
                config.fail_on,
                Some(Severity::Warning),
            ),
            include: choose("--include", given(&files.include), config.include, vec![]),
            exclude: choose("--exclude", given(&files.exclude), config.exclude, vec![]),
            severity: config.severity,
            per_path: config.per_path,
            default_namespace: choose("", None, config.default_namespace.map(some), None),
            profile: choose("", None, config.profile.map(some), None),
            cni: choose("", None, config.cni.map(some), None),
            well_known: config.well_known,
            pod_ranges: choose("", None, config.pod_ranges, vec![]),
            service_ranges: choose("", None, config.service_ranges, vec![]),
            inventory: choose("--inventory", given(&files.inventory), config.inventory, vec![]),
            clusters: config.clusters,
            test_directories: choose(
                "",
                None,
                config.test_directories,
                TRIAL_DIRECTORIES.iter().map(|&name| name.to_owned()).collect(),
            ),
            expectations: choose(
                "--no-expectations",
                findings.no_expectations.then_some(false),
                config.expectations,
                true,
            ),
            render: choose("--helm", files.helm.map(when), config.helm.render, When::Auto),
            helm_limits: [
                limit("time-limit", config.helm.time_limit, helm::TIME_LIMIT.as_secs()),
                limit("output-limit", config.helm.output_limit, helm::OUTPUT_LIMIT),
            ],
            kube_version: choose("", None, config.helm.kube_version, KubeVersion::default()),
            api_versions: choose("", None, config.helm.api_versions, vec![]),
            helm_sets: choose("", None, config.helm.sets, vec![]),
            charts: config.helm.charts,
            limits: [
                limit("file-bytes", limits.file_bytes, defaults.file_bytes),
                limit("depth", limits.depth, defaults.depth as u64),
                limit("nodes", limits.nodes, defaults.nodes as u64),
                limit("documents", limits.documents, defaults.documents as u64),
                limit("memory", limits.memory, defaults.memory as u64),
            ],
        })
    }

    /// The lowest severity shown, which depends on other settings.
    pub(super) fn least_severity(&self) -> Severity {
        self.selection().least_severity()
    }

    fn selection(&self) -> Selection {
        Selection {
            select: self.select.value.clone(),
            ignore: self.ignore.value.clone(),
            pedantic: self.pedantic.value,
            show_run: false,
            min_severity: self.min_severity.value,
            min_confidence: self.min_confidence.value,
            severity: self.severity.iter().map(|at| at.value.clone()).collect::<BTreeMap<_, _>>(),
            per_path: self.per_path.iter().map(|at| at.value.1.clone()).collect(),
        }
    }

    /// The request to the pipeline.
    pub(super) fn request(
        self,
        paths: Vec<PathBuf>,
        files: FileArgs,
        terminal: &Terminal,
    ) -> Request {
        let selection = self.selection();
        let limits = self.yaml_limits();
        // Paths in arguments are relative to the working directory, those in the configuration to
        // the root.
        let typed = matches!(self.inventory.origin, Origin::Flag(_));
        let file = |path: &String| match typed {
            true => InventoryFile::Given(terminal.cwd().join(path)),
            false => InventoryFile::Written(path.clone()),
        };
        let inventories = self.inventory.value.iter().map(file).collect();
        let helm = self.helm();
        Request {
            inventories,
            skip_expectations: !self.expectations.value,
            cwd: terminal.cwd().to_owned(),
            scope: repo::Scope {
                paths,
                stdin: None,
                stdin_path: files.stdin_path,
                include: self.include.value,
                exclude: self.exclude.value,
                no_ignore: files.no_ignore,
                force_exclude: files.force_exclude,
                ..repo::Scope::default()
            },
            selection,
            limits,
            helm,
            grouping: Grouping {
                trial_directories: self.test_directories.value,
                clusters: self.clusters.into_iter().map(|at| at.value.1).collect(),
            },
            settings: resolve::Settings {
                profile: self.profile.value,
                plugin: self.cni.value,
                default_namespace: self.default_namespace.value.map(Into::into),
                pod_ranges: self.pod_ranges.value,
                service_ranges: self.service_ranges.value,
                well_known: self.well_known.into_iter().map(|at| at.value).collect(),
                ..resolve::Settings::default()
            },
            ..Request::default()
        }
    }

    fn helm(&self) -> helm::Helm {
        let [time, output] = &self.helm_limits;
        helm::Helm {
            when: self.render.value,
            time_limit: Duration::from_secs(time.1.value),
            output_limit: output.1.value,
            namespace: self.default_namespace.value.clone(),
            capabilities: Capabilities {
                kube_version: self.kube_version.value,
                api_versions: self.api_versions.value.clone(),
            },
            sets: self.helm_sets.value.clone(),
            charts: self.charts.iter().map(|at| at.value.clone()).collect(),
        }
    }

    fn yaml_limits(&self) -> yaml::Limits {
        let [file_bytes, depth, nodes, documents, memory] = &self.limits;
        let count = |limit: &(_, Value<u64>)| usize::try_from(limit.1.value).unwrap_or(usize::MAX);
        yaml::Limits {
            file_bytes: file_bytes.1.value,
            depth: count(depth),
            nodes: count(nodes),
            documents: count(documents),
            memory: count(memory),
        }
    }
}

/// The text of a configuration.
struct Text {
    path: String,
    text: String,
    /// Whether it is in the repository.
    is_inside: bool,
}

/// The configuration's name and text; `None` if there is none, or it must not be read.
fn text(
    args: &ConfigArgs,
    paths: &[PathBuf],
    terminal: &Terminal,
) -> Result<Option<Text>, Failure> {
    let shown = |path: &Path| report::path::from(terminal.cwd(), path);
    let failed = |path: &Path, error| Failure::ConfigFile(shown(path), "read", error);
    if args.no_config {
        return Ok(None);
    }
    let root = repo::root(paths, terminal.cwd())?;
    if let Some(path) = &args.config {
        let path = terminal.cwd().join(path);
        let text = config::given(&path, &root).map_err(|error| failed(&path, error))?;
        let is_inside = repo::Boundary::new(&root).holds(&path);
        return Ok(Some(Text { path: shown(&path), text, is_inside }));
    }
    let found = config::find(&root).map_err(|(path, error)| failed(&path, error))?;
    Ok(found.map(|(path, text)| Text { path: shown(&path), text, is_inside: true }))
}

fn choose<T>(flag: &'static str, typed: Option<T>, written: Option<At<T>>, default: T) -> Value<T> {
    match (typed, written) {
        (Some(value), _) => Value { value, origin: Origin::Flag(flag) },
        (None, Some(At { value, line })) => Value { value, origin: Origin::File(line) },
        (None, None) => Value { value: default, origin: Origin::Default },
    }
}

fn some<T>(at: At<T>) -> At<Option<T>> {
    At { value: Some(at.value), line: at.line }
}

fn given(list: &[String]) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.to_vec())
}

/// The rules in the arguments; nothing follows a comma at the end of a list.
fn ids(typed: &[String]) -> Result<Option<Vec<String>>, Failure> {
    let typed: Vec<&str> = typed.iter().map(|id| id.trim()).filter(|id| !id.is_empty()).collect();
    if typed.is_empty() {
        return Ok(None);
    }
    let ids = config::rule_ids(typed, RULES);
    ids.map(Some).map_err(|(_, what)| Failure::Arguments(what))
}

/// A rule that is selected on the command line runs, whatever the configuration ignores.
fn without_selected(mut ignore: Value<Vec<String>>, typed: &[String]) -> Value<Vec<String>> {
    if matches!(ignore.origin, Origin::File(_)) {
        ignore.value.retain(|id| !typed.iter().any(|typed| typed.trim() == id));
    }
    ignore
}

fn severity(level: Level) -> Severity {
    match level {
        Level::Error => Severity::Error,
        Level::Warning => Severity::Warning,
        Level::Note => Severity::Note,
    }
}

fn confidence(sureness: Sureness) -> Confidence {
    match sureness {
        Sureness::High => Confidence::High,
        Sureness::Medium => Confidence::Medium,
        Sureness::Low => Confidence::Low,
    }
}

fn when(typed: Render) -> When {
    match typed {
        Render::Auto => When::Auto,
        Render::Never => When::Never,
        Render::Require => When::Require,
    }
}

fn fail_on(typed: FailOn) -> Option<Severity> {
    match typed {
        FailOn::Error => Some(Severity::Error),
        FailOn::Warning => Some(Severity::Warning),
        FailOn::Note => Some(Severity::Note),
        FailOn::Never => None,
    }
}
