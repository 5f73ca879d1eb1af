//! `netpol-lint reach`: which connections the policies allow.

use std::io::{BufWriter, Write};

use crate::connectivity::{connectivity, with_exposure};
use crate::report::connections::{csv, dot, html, json, markdown, mermaid, svg, text};

use super::settings::Reach;
use super::values::GraphFormat;
use super::{CLEAN, Failure};

/// Prints the connections of each cluster of bundles.
pub(super) fn print(reach: &Reach, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut clusters = match reach.shown.exposure {
        true => with_exposure(&reach.request)?,
        false => connectivity(&reach.request)?,
    };
    if let Some(name) = &reach.shown.cluster
        && !clusters.iter().any(|cluster| cluster.name == *name)
    {
        let names: Vec<&str> = clusters.iter().map(|cluster| cluster.name.as_str()).collect();
        return Err(Failure::Arguments(format!(
            "no cluster of bundles is named `{name}`; available: {}",
            names.join(", ")
        )));
    }
    reach.shown.narrow(&mut clusters);
    let rows: usize = clusters.iter().map(|cluster| cluster.rows.len()).sum();
    if reach.format == GraphFormat::Html && rows > html::MOST {
        return Err(Failure::Arguments(format!(
            "{rows} connections are more than a browser can hold; narrow them with --bundle, --from, \
             --to or --port"
        )));
    }
    let mut out = BufWriter::new(out);
    match reach.format {
        GraphFormat::Text => text::write(&mut out, &clusters)?,
        GraphFormat::Json => json::write(&mut out, &clusters)?,
        GraphFormat::Csv => csv::write(&mut out, &clusters)?,
        GraphFormat::Md => markdown::write(&mut out, &clusters)?,
        GraphFormat::Dot => dot::write(&mut out, &clusters)?,
        GraphFormat::Mermaid => mermaid::write(&mut out, &clusters)?,
        GraphFormat::Svg => svg::write(&mut out, &clusters)?,
        GraphFormat::Html => html::write(&mut out, &clusters)?,
    }
    out.flush()?;
    Ok(CLEAN)
}
