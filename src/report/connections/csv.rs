//! Comma-separated values (RFC 4180), for spreadsheets.

use std::io::{self, Write};

use crate::connectivity::ClusterConnectivity;
use crate::text::visible;

/// Writes a header, then a record per connection.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, clusters: &[ClusterConnectivity]) -> io::Result<()> {
    write!(out, "cluster,from,to,ports,unknown\r\n")?;
    for cluster in clusters {
        for row in &cluster.rows {
            let detail = cluster.detail(row.detail);
            let fields = [
                cell(&cluster.name),
                cell(cluster.end(row.from)),
                cell(cluster.end(row.to)),
                cell(&detail.ports.to_string()),
                cell(&detail.unknown.to_string()),
            ];
            write!(out, "{}\r\n", fields.join(","))?;
        }
    }
    Ok(())
}

/// A field, quoted if necessary. A spreadsheet treats a field that begins with one of `=+-@` as a
/// formula; a leading quote keeps it text.
fn cell(text: &str) -> String {
    let text = visible(text);
    let inert = match text.starts_with(['=', '+', '-', '@']) {
        true => format!("'{text}"),
        false => text.into_owned(),
    };
    match inert.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", inert.replace('"', "\"\"")),
        false => inert,
    }
}
