//! `netpol-lint config`: the effective settings in the form of a configuration, each with its
//! origin; or the schema.

use std::io::{self, Write};

use toml::Value as Toml;

use crate::text::visible;

use super::in_force::{InForce, Origin, Value};
use super::{CLEAN, Failure};

/// Prints the effective settings.
pub(super) fn print(in_force: &InForce, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut page = Page { file: in_force.file.as_deref().unwrap_or(""), out };
    match &in_force.file {
        Some(file) => writeln!(page.out, "# configuration: {}\n", visible(file))?,
        None => writeln!(page.out, "# configuration: none\n")?,
    }
    findings(in_force, &mut page)?;
    page.list("include", &in_force.include)?;
    page.list("exclude", &in_force.exclude)?;
    cluster(in_force, &mut page)?;
    page.list("inventory", &in_force.inventory)?;
    page.list("test-directories", &in_force.test_directories)?;
    let expectations = &in_force.expectations;
    page.line("expectations", &Toml::Boolean(expectations.value), expectations.origin)?;
    tables(in_force, &mut page)?;
    Ok(CLEAN)
}

/// Prints the JSON schema of the configuration.
pub(super) fn schema(out: &mut dyn Write) -> Result<u8, Failure> {
    writeln!(out, "{:#}", crate::config::schema())?;
    Ok(CLEAN)
}

fn findings(in_force: &InForce, page: &mut Page<'_>) -> io::Result<()> {
    page.list("select", &in_force.select)?;
    page.list("ignore", &in_force.ignore)?;
    page.line("pedantic", &Toml::Boolean(in_force.pedantic.value), in_force.pedantic.origin)?;
    let least = in_force.least_severity().word();
    page.line("min-severity", &text(least), in_force.min_severity.origin)?;
    let sure = in_force.min_confidence.value.unwrap_or(crate::triage::LEAST_CONFIDENCE).word();
    page.line("min-confidence", &text(sure), in_force.min_confidence.origin)?;
    let fail_on = in_force.fail_on.value.map_or("never", crate::lint::Severity::word);
    page.line("fail-on", &text(fail_on), in_force.fail_on.origin)
}

fn cluster(in_force: &InForce, page: &mut Page<'_>) -> io::Result<()> {
    let default = crate::resolve::DEFAULT_NAMESPACE;
    let namespace = in_force.default_namespace.value.as_deref().unwrap_or(default);
    page.line("default-namespace", &text(namespace), in_force.default_namespace.origin)?;
    match in_force.profile.value {
        Some(profile) => page.line("profile", &text(profile.name()), in_force.profile.origin)?,
        None => writeln!(page.out, "# profile is detected from the manifests")?,
    }
    match in_force.cni.value {
        Some(plugin) => page.line("cni", &text(plugin.name()), in_force.cni.origin)?,
        None => writeln!(page.out, "# cni is detected from the manifests")?,
    }
    for (key, ranges) in
        [("pod-ranges", &in_force.pod_ranges), ("service-ranges", &in_force.service_ranges)]
    {
        page.line(key, &list(ranges.value.iter().map(ToString::to_string)), ranges.origin)?;
    }
    Ok(())
}

fn tables(in_force: &InForce, page: &mut Page<'_>) -> io::Result<()> {
    if !in_force.severity.is_empty() {
        writeln!(page.out, "\n[severity]")?;
    }
    for at in &in_force.severity {
        page.line(&at.value.0, &text(at.value.1.word()), Origin::File(at.line))?;
    }
    writeln!(page.out, "\n[limits]")?;
    for (key, limit) in &in_force.limits {
        let number = i64::try_from(limit.value).unwrap_or(i64::MAX);
        page.line(key, &Toml::Integer(number), limit.origin)?;
    }
    helm(in_force, page)?;
    for at in &in_force.per_path {
        page.header("per-path", at.line)?;
        writeln!(page.out, "paths = {}", inert(&list(at.value.0.iter().cloned())))?;
        writeln!(page.out, "ignore = {}", inert(&list(at.value.1.ignore.iter().cloned())))?;
    }
    for at in &in_force.well_known {
        page.header("well-known", at.line)?;
        let pod = &at.value;
        let labels = pod.labels.iter();
        let labels = labels.map(|(key, value)| (key.to_string(), text(value))).collect();
        let ports = pod.ports.iter().map(|&port| Toml::Integer(port.into())).collect();
        writeln!(page.out, "name = {}", inert(&text(&pod.name)))?;
        writeln!(page.out, "namespace = {}", inert(&text(&pod.namespace)))?;
        writeln!(page.out, "labels = {}", inert_table(&labels))?;
        writeln!(page.out, "ports = {}", Toml::Array(ports))?;
    }
    for at in &in_force.clusters {
        page.header("cluster", at.line)?;
        writeln!(page.out, "name = {}", inert(&text(&at.value.1.name)))?;
        writeln!(page.out, "paths = {}", inert(&list(at.value.0.iter().cloned())))?;
    }
    Ok(())
}

fn helm(in_force: &InForce, page: &mut Page<'_>) -> io::Result<()> {
    writeln!(page.out, "\n[helm]")?;
    page.line("render", &text(in_force.render.value.word()), in_force.render.origin)?;
    for (key, limit) in &in_force.helm_limits {
        let number = i64::try_from(limit.value).unwrap_or(i64::MAX);
        page.line(key, &Toml::Integer(number), limit.origin)?;
    }
    let version = text(&in_force.kube_version.value.to_string());
    page.line("kube-version", &version, in_force.kube_version.origin)?;
    let versions = in_force.api_versions.value.iter().cloned();
    page.line("api-versions", &list(versions), in_force.api_versions.origin)?;
    let sets = in_force.helm_sets.value.iter().map(ToString::to_string);
    page.line("sets", &list(sets), in_force.helm_sets.origin)?;
    for at in &in_force.charts {
        page.header("helm.chart", at.line)?;
        let chart = &at.value;
        writeln!(page.out, "path = {}", inert(&text(&chart.path)))?;
        if let Some(release) = &chart.release {
            writeln!(page.out, "release = {}", inert(&text(release)))?;
        }
        if let Some(namespace) = &chart.namespace {
            writeln!(page.out, "namespace = {}", inert(&text(namespace)))?;
        }
        writeln!(page.out, "values = {}", inert(&list(chart.values.iter().cloned())))?;
    }
    Ok(())
}

/// The output, one key per line.
struct Page<'a> {
    /// The configuration's name.
    file: &'a str,
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn list(&mut self, key: &str, list_in_force: &Value<Vec<String>>) -> io::Result<()> {
        self.line(key, &list(list_in_force.value.iter().cloned()), list_in_force.origin)
    }

    fn line(&mut self, key: &str, value: &Toml, origin: Origin) -> io::Result<()> {
        let entry = format!("{key} = {}", inert(value));
        let origin = match origin {
            Origin::Default => "default".to_owned(),
            Origin::File(line) => format!("{}:{line}", visible(self.file)),
            Origin::Flag(flag) => flag.to_owned(),
        };
        writeln!(self.out, "{entry:<40} # {origin}")
    }

    fn header(&mut self, table: &str, line: usize) -> io::Result<()> {
        let entry = format!("[[{table}]]");
        writeln!(self.out, "\n{entry:<40} # {}:{line}", visible(self.file))
    }
}

/// A value on one line, escaped.
fn inert(value: &Toml) -> String {
    visible(&value.to_string()).into_owned()
}

fn inert_table(table: &toml::Table) -> String {
    let entry = |(key, value): (&String, &Toml)| {
        format!("{} = {}", inert(&Toml::String(key.clone())), inert(value))
    };
    format!("{{ {} }}", table.iter().map(entry).collect::<Vec<_>>().join(", "))
}

fn text(text: &str) -> Toml {
    Toml::String(text.to_owned())
}

fn list(items: impl Iterator<Item = String>) -> Toml {
    Toml::Array(items.map(Toml::String).collect())
}
