//! `netpol-lint bundles`: what is applied together, and which namespaces may contain more than the
//! repository shows.

use std::io::Write;

use crate::overview::{BundleKind, BundleOverview, NamespaceOverview, overview};
use crate::text::visible;
use crate::{Request, report};

use super::terminal::Terminal;
use super::values::TextOrJson;
use super::{CLEAN, Failure};

/// Prints the bundles of the repository.
pub(super) fn print(
    request: &Request,
    format: TextOrJson,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let sites = overview(request)?;
    if format == TextOrJson::Json {
        report::document(out, &sites)?;
        return Ok(CLEAN);
    }
    let look = terminal.look();
    for (nth, site) in sites.iter().enumerate() {
        if nth > 0 {
            writeln!(out)?;
        }
        let name = report::strong(&look, &visible(&site.name));
        match &site.trial {
            Some(trial) => writeln!(out, "{name} (tests or examples: {})", visible(trial))?,
            None => writeln!(out, "{name}")?,
        }
        let single = site.bundles.len() == 1;
        for bundle in &site.bundles {
            writeln!(out, "  {}", line(bundle, single))?;
            for fault in &bundle.faults {
                writeln!(out, "    not built: {}", visible(fault))?;
            }
        }
        for namespace in &site.namespaces {
            writeln!(out, "  {}", place(namespace))?;
        }
    }
    if sites.is_empty() {
        writeln!(out, "no policies, workloads, Services or Namespaces found")?;
    }
    Ok(CLEAN)
}

/// `kustomization apps/web: 12 objects, 3 policies, 6 workloads`; the name only if several bundles
/// run side by side.
fn line(bundle: &BundleOverview, single: bool) -> String {
    let kind = match bundle.kind {
        BundleKind::Plain => "plain manifests",
        BundleKind::Kustomization => "kustomization",
        BundleKind::Chart => "chart",
    };
    let name = if single { String::new() } else { format!(" {}", visible(&bundle.name)) };
    format!(
        "{kind}{name}: {}, {}, {}",
        count(bundle.objects, "object", "objects"),
        count(bundle.policies, "policy", "policies"),
        count(bundle.workloads, "workload", "workloads"),
    )
}

/// `namespace shop: 3 policies, 6 workloads, closed`.
fn place(namespace: &NamespaceOverview) -> String {
    let name = match &namespace.name {
        Some(name) => format!("namespace {}", visible(name)),
        None => "without a namespace".to_owned(),
    };
    let open = match &namespace.open {
        Some(why) => format!("open: {}", visible(why)),
        None => "closed: the repository shows all its pods".to_owned(),
    };
    format!(
        "{name}: {}, {}; {open}",
        count(namespace.policies, "policy", "policies"),
        count(namespace.workloads, "workload", "workloads"),
    )
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
