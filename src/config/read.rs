//! Validates a configuration's text and looks up everything in it.

use std::ops::Range;

use ipnet::IpNet;
use toml::Spanned;

use super::file::{
    ChartTable, ClusterTable, CniName, FailOn, File, HelmTable, Level, LimitsTable, List,
};
use super::file::{PerPath, ProfileName, Render, Sureness, Text, WellKnownPod};
use super::names::{did_you_mean, look_up, rule_ids};
use super::{At, Config, Error, Helm, Limits, limits};
use crate::bundle::NamedCluster;
use crate::bundle::helm::{Assignment, ChartSettings, KubeVersion, When};
use crate::lint::{Confidence, RULES, Severity};
use crate::repo::PathSet;
use crate::resolve::{Plugin, Profile, WellKnown};
use crate::text::LineIndex;
use crate::triage;

/// Reads the configuration `text`; `path` is its name in messages.
///
/// # Errors
/// The first error in it.
pub fn read(path: &str, text: &str) -> Result<Config, Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let reader = Reader { path, text, lines: LineIndex::new(text) };
    let file: File = toml::from_str(text).map_err(|error| reader.refused(&error))?;
    let mut config = Config {
        select: reader.ids(file.select)?,
        ignore: reader.ids(file.ignore)?,
        pedantic: file.pedantic.map(|value| reader.at(&value, *value.get_ref())),
        min_severity: file.min_severity.map(|level| reader.at(&level, severity(*level.get_ref()))),
        min_confidence: file.min_confidence.map(|it| reader.at(&it, confidence(*it.get_ref()))),
        fail_on: file.fail_on.map(|it| reader.at(&it, fail_on(*it.get_ref()))),
        include: reader.globs(file.include)?,
        exclude: reader.globs(file.exclude)?,
        default_namespace: file.default_namespace.map(|it| reader.namespace(&it)).transpose()?,
        profile: file.profile.map(|it| reader.at(&it, profile(*it.get_ref()))),
        cni: file.cni.map(|it| reader.at(&it, plugin(*it.get_ref()))),
        pod_ranges: reader.ranges(file.pod_ranges)?,
        service_ranges: reader.ranges(file.service_ranges)?,
        inventory: file.inventory.map(|list| reader.at(&list, strings(list.get_ref()))),
        test_directories: reader.directories(file.test_directories)?,
        expectations: file.expectations.map(|value| reader.at(&value, *value.get_ref())),
        helm: reader.helm(file.helm.unwrap_or_default())?,
        limits: reader.limits(file.limits.unwrap_or_default())?,
        ..Config::default()
    };
    for (id, level) in file.severity.unwrap_or_default() {
        config.severity.push(reader.severity(&id, &level)?);
    }
    // In the order in which they are written, not by id.
    config.severity.sort_by_key(|entry| entry.line);
    for entry in file.per_path.unwrap_or_default() {
        config.per_path.push(reader.per_path(entry)?);
    }
    for entry in file.well_known.unwrap_or_default() {
        config.well_known.push(reader.well_known(entry)?);
    }
    for entry in file.cluster.unwrap_or_default() {
        let cluster = reader.cluster(entry, &config.clusters)?;
        config.clusters.push(cluster);
    }
    Ok(config)
}

struct Reader<'a> {
    path: &'a str,
    text: &'a str,
    lines: LineIndex,
}

impl Reader<'_> {
    fn error(&self, span: Range<usize>, message: impl Into<String>) -> Error {
        Error::new(self.path, self.text, span, message.into())
    }

    fn at<S, T>(&self, written: &Spanned<S>, value: T) -> At<T> {
        At { value, line: self.lines.line(written.span().start) }
    }

    /// The parser's error, reworded if we can say more.
    fn refused(&self, error: &toml::de::Error) -> Error {
        let span = error.span().unwrap_or(0..0);
        let message = error.message();
        let named: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        let message = match named.split_first() {
            Some((key, known)) if message.starts_with("unknown field") => {
                format!("unknown key `{key}`{}", hint(key, known))
            }
            Some((value, known)) if message.starts_with("unknown variant") => {
                format!("`{value}` is not a valid value for this key{}", hint(value, known))
            }
            Some((key, _)) if message.starts_with("missing field") => {
                format!("the key `{key}` is missing here")
            }
            _ => match wrong_type(message) {
                Some((is, expected)) => {
                    let hint = match self.header(&span) {
                        Some(name) if expected == "a sequence" => format!("; write `[[{name}]]`"),
                        _ => String::new(),
                    };
                    format!("expected {}, found {}{hint}", in_words(expected), in_words(is))
                }
                None => message.lines().collect::<Vec<_>>().join(", "),
            },
        };
        self.error(span, message)
    }

    /// The name in a table header, if `span` is one.
    fn header(&self, span: &Range<usize>) -> Option<&str> {
        let written = self.text.get(span.clone())?;
        written.lines().next()?.trim_end().strip_prefix('[')?.strip_suffix(']')
    }

    fn ids(&self, list: Option<List>) -> Result<Option<At<Vec<String>>>, Error> {
        list.map(|list| Ok(self.at(&list, self.rule_ids(list.get_ref())?))).transpose()
    }

    fn rule_ids(&self, list: &[Text]) -> Result<Vec<String>, Error> {
        let written = list.iter().map(|text| text.get_ref().as_str());
        rule_ids(written, RULES).map_err(|(nth, what)| self.error(list[nth].span(), what))
    }

    fn globs(&self, list: Option<List>) -> Result<Option<At<Vec<String>>>, Error> {
        let Some(list) = list else { return Ok(None) };
        self.path_set(list.get_ref())?;
        Ok(Some(self.at(&list, strings(list.get_ref()))))
    }

    fn path_set(&self, list: &[Text]) -> Result<PathSet, Error> {
        // Each alone first, to report the one that is invalid.
        for glob in list {
            PathSet::new(std::slice::from_ref(glob.get_ref()))
                .map_err(|error| self.error(glob.span(), error.to_string()))?;
        }
        let place = list.first().map_or(0..0, Spanned::span);
        PathSet::new(&strings(list)).map_err(|error| self.error(place, error.to_string()))
    }

    fn severity(&self, id: &Text, level: &Spanned<Level>) -> Result<At<(String, Severity)>, Error> {
        let rule = look_up(id.get_ref(), RULES).map_err(|what| self.error(id.span(), what))?;
        Ok(self.at(level, (rule.id.to_owned(), severity(*level.get_ref()))))
    }

    fn per_path(
        &self,
        entry: Spanned<PerPath>,
    ) -> Result<At<(Vec<String>, triage::PerPath)>, Error> {
        let PerPath { paths, ignore } = entry.get_ref();
        let understood = triage::PerPath {
            paths: self.path_set(self.some(paths, "file")?)?,
            ignore: self.rule_ids(self.some(ignore, "rule")?)?,
        };
        Ok(self.at(&entry, (strings(paths.get_ref()), understood)))
    }

    fn cluster(
        &self,
        entry: Spanned<ClusterTable>,
        others: &[At<(Vec<String>, NamedCluster)>],
    ) -> Result<At<(Vec<String>, NamedCluster)>, Error> {
        let ClusterTable { name, paths } = entry.get_ref();
        if name.get_ref().trim().is_empty() {
            return Err(self.error(name.span(), "a cluster needs a name"));
        }
        if let Some(other) = others.iter().find(|other| other.value.1.name == *name.get_ref()) {
            let message = format!("the cluster at line {} already has this name", other.line);
            return Err(self.error(name.span(), message));
        }
        let paths_understood = self.path_set(self.some(paths, "file")?)?;
        let cluster = NamedCluster { name: name.get_ref().clone(), paths: paths_understood };
        Ok(self.at(&entry, (strings(paths.get_ref()), cluster)))
    }

    fn some<'l>(&self, list: &'l List, what: &str) -> Result<&'l [Text], Error> {
        match list.get_ref().as_slice() {
            [] => {
                Err(self.error(list.span(), format!("this list is empty: add at least one {what}")))
            }
            some => Ok(some),
        }
    }

    /// A namespace's name is a DNS label (RFC 1123), as the API server requires.
    fn namespace(&self, written: &Text) -> Result<At<String>, Error> {
        let name = written.get_ref();
        let letters = name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if name.is_empty()
            || name.len() > 63
            || !letters
            || name.starts_with('-')
            || name.ends_with('-')
        {
            let message = "a namespace name has at most 63 lowercase letters, digits and `-`, and \
                           does not start or end with `-`";
            return Err(self.error(written.span(), message));
        }
        Ok(self.at(written, name.clone()))
    }

    fn ranges(&self, list: Option<List>) -> Result<Option<At<Vec<IpNet>>>, Error> {
        let Some(list) = list else { return Ok(None) };
        let mut ranges = Vec::new();
        for range in list.get_ref() {
            let net: IpNet = range.get_ref().parse().map_err(|_| {
                let message = "this is not a CIDR, such as `10.244.0.0/16` or `fd00:10::/64`";
                self.error(range.span(), message)
            })?;
            if net != net.trunc() {
                let message = format!("this CIDR has host bits set; write `{}`", net.trunc());
                return Err(self.error(range.span(), message));
            }
            ranges.push(net);
        }
        Ok(Some(self.at(&list, ranges)))
    }

    fn directories(&self, list: Option<List>) -> Result<Option<At<Vec<String>>>, Error> {
        let Some(list) = list else { return Ok(None) };
        for name in list.get_ref() {
            let text = name.get_ref();
            if text.is_empty() || text.contains(['/', '*', '\\']) {
                let message = "this must be a directory name (it matches at any depth), not a path \
                               or a glob";
                return Err(self.error(name.span(), message));
            }
        }
        Ok(Some(self.at(&list, strings(list.get_ref()))))
    }

    fn well_known(&self, entry: Spanned<WellKnownPod>) -> Result<At<WellKnown>, Error> {
        let WellKnownPod { name, namespace, labels, ports } = entry.get_ref();
        if name.get_ref().trim().is_empty() {
            return Err(self.error(name.span(), "a well-known pod needs a name"));
        }
        if labels.get_ref().is_empty() {
            let message = "a well-known pod needs labels: without them, no selector matches it";
            return Err(self.error(labels.span(), message));
        }
        let labels = labels.get_ref().iter();
        let pod = WellKnown {
            name: name.get_ref().clone(),
            namespace: self.namespace(namespace)?.value.into(),
            labels: labels.map(|(key, v)| (key.get_ref().into(), v.get_ref().into())).collect(),
            ports: ports.iter().flatten().map(|port| self.port(port)).collect::<Result<_, _>>()?,
        };
        Ok(self.at(&entry, pod))
    }

    fn port(&self, written: &Spanned<i64>) -> Result<u16, Error> {
        match u16::try_from(*written.get_ref()) {
            Ok(port) if port > 0 => Ok(port),
            _ => Err(self.error(written.span(), "a port must be from 1 to 65535")),
        }
    }

    fn helm(&self, table: HelmTable) -> Result<Helm, Error> {
        let charts = table.chart.unwrap_or_default();
        Ok(Helm {
            render: table.render.map(|it| self.at(&it, render(*it.get_ref()))),
            time_limit: self.limit(table.time_limit, "time-limit")?,
            output_limit: self.limit(table.output_limit, "output-limit")?,
            kube_version: table.kube_version.map(|it| self.kube_version(&it)).transpose()?,
            api_versions: table.api_versions.map(|it| self.at(&it, strings(it.get_ref()))),
            sets: table.sets.map(|list| self.sets(&list)).transpose()?,
            charts: charts.into_iter().map(|it| self.chart(it)).collect::<Result<_, _>>()?,
        })
    }

    fn kube_version(&self, written: &Text) -> Result<At<KubeVersion>, Error> {
        let version = KubeVersion::parse(written.get_ref())
            .ok_or_else(|| self.error(written.span(), "write a version such as `1.31` here"))?;
        Ok(self.at(written, version))
    }

    fn sets(&self, list: &List) -> Result<At<Vec<Assignment>>, Error> {
        let set = |it: &Text| {
            Assignment::parse(it.get_ref())
                .ok_or_else(|| self.error(it.span(), "write `path.of.a.value=true` here"))
        };
        let sets = list.get_ref().iter().map(set).collect::<Result<_, _>>()?;
        Ok(self.at(list, sets))
    }

    fn chart(&self, entry: Spanned<ChartTable>) -> Result<At<ChartSettings>, Error> {
        let ChartTable { path, release, namespace, values } = entry.get_ref();
        if path.get_ref().trim().is_empty() {
            return Err(
                self.error(path.span(), "this must be a chart's directory; `.` is the root")
            );
        }
        let namespace = namespace.as_ref().map(|name| self.namespace(name)).transpose()?;
        let settings = ChartSettings {
            path: path.get_ref().clone(),
            paths: self.path_set(std::slice::from_ref(path))?,
            release: release.as_ref().map(|name| self.release(name)).transpose()?,
            namespace: namespace.map(|name| name.value),
            values: values.as_ref().map(|list| strings(list.get_ref())).unwrap_or_default(),
        };
        Ok(self.at(&entry, settings))
    }

    /// A release's name has at most 53 characters of a DNS name, as helm requires.
    fn release(&self, written: &Text) -> Result<String, Error> {
        let name = written.get_ref();
        let fits = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
        let borders = |c: char| matches!(c, '-' | '.');
        if name.is_empty()
            || name.len() > 53
            || !name.bytes().all(fits)
            || name.starts_with(borders)
            || name.ends_with(borders)
        {
            let message = "a release name has at most 53 lowercase letters, digits, `-` and `.`, \
                           and does not start or end with `-` or `.`";
            return Err(self.error(written.span(), message));
        }
        Ok(name.clone())
    }

    fn limits(&self, table: LimitsTable) -> Result<Limits, Error> {
        Ok(Limits {
            file_bytes: self.limit(table.file_bytes, "file-bytes")?,
            depth: self.limit(table.depth, "depth")?,
            nodes: self.limit(table.nodes, "nodes")?,
            documents: self.limit(table.documents, "documents")?,
            memory: self.limit(table.memory, "memory")?,
        })
    }

    /// A repository sets its own limits, but only up to a ceiling.
    fn limit(&self, written: Option<Spanned<i64>>, key: &str) -> Result<Option<At<u64>>, Error> {
        let Some(written) = written else { return Ok(None) };
        let most = limits::ceiling(key);
        match u64::try_from(*written.get_ref()) {
            Ok(limit) if limit > 0 && limit <= most => Ok(Some(self.at(&written, limit))),
            _ => {
                let further = match limits::most(key) > most {
                    true => format!("; `--limit {key}=NUMBER` allows more"),
                    false => String::new(),
                };
                let message = format!("this limit must be from 1 to {most}{further}");
                Err(self.error(written.span(), message))
            }
        }
    }
}

/// The type that is written, and the type that is expected.
fn wrong_type(message: &str) -> Option<(&str, &str)> {
    message.strip_prefix("invalid type: ")?.split_once(", expected ")
}

/// serde's type names, in TOML's words.
fn in_words(kind: &str) -> String {
    match kind {
        "sequence" | "a sequence" => "a list".to_owned(),
        "map" | "a map" => "a table".to_owned(),
        name if name.starts_with("struct ") => "a table".to_owned(),
        value if value.starts_with("string ") || value.starts_with("integer ") => {
            format!("the {value}")
        }
        other => other.to_owned(),
    }
}

/// The most similar of the known words, or all of them if none is similar.
fn hint(word: &str, known: &[&str]) -> String {
    match did_you_mean(word, known) {
        near if !near.is_empty() || known.is_empty() => near,
        _ => {
            let known: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
            format!("; use one of {}", known.join(", "))
        }
    }
}

fn strings(list: &[Text]) -> Vec<String> {
    list.iter().map(|text| text.get_ref().clone()).collect()
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

fn fail_on(written: FailOn) -> Option<Severity> {
    match written {
        FailOn::Error => Some(Severity::Error),
        FailOn::Warning => Some(Severity::Warning),
        FailOn::Note => Some(Severity::Note),
        FailOn::Never => None,
    }
}

fn render(written: Render) -> When {
    match written {
        Render::Auto => When::Auto,
        Render::Never => When::Never,
        Render::Require => When::Require,
    }
}

fn plugin(name: CniName) -> Plugin {
    match name {
        CniName::Cilium => Plugin::Cilium,
        CniName::Calico => Plugin::Calico,
        CniName::Other => Plugin::Other,
    }
}

fn profile(name: ProfileName) -> Profile {
    match name {
        ProfileName::Kubernetes => Profile::Kubernetes,
        ProfileName::OpenShift => Profile::OpenShift,
        ProfileName::Gke => Profile::Gke,
        ProfileName::Eks => Profile::Eks,
        ProfileName::Aks => Profile::Aks,
        ProfileName::K3s => Profile::K3s,
        ProfileName::Rke2 => Profile::Rke2,
    }
}
