//! Ports: `ports` of v1alpha1, `protocols` of v1alpha2.

use super::Decoder;
use crate::model::ports::{PortRef, Protocol};
use crate::model::tiered::{Flow, Path, PortTerm, Protocols, RefusalKind, read};
use crate::yaml::{Entry, Node};

const FORMS: &[&str] = &["portNumber", "portRange", "namedPort"];
const CLUSTER_FORMS: &[&str] = &["tcp", "udp", "sctp", "destinationNamedPort"];

impl Decoder<'_> {
    pub(super) fn flow(&mut self, rule: &Node, path: &Path<'_>) -> Flow {
        let field = self.version.ports;
        let Some(entry) = read::entry(rule, field) else {
            return Flow::Everything;
        };
        let path = path.field(field);
        let Some(items) = entry.value.as_seq() else { return Flow::Unknown };
        if items.is_empty() {
            let message = format!("`{path}` is empty");
            let help = "leave it out for every port";
            self.reader.refuse(RefusalKind::Port, entry.key_span, &path, message, help);
        }
        self.at_most(rule, field, &path);
        let entries = items.iter().enumerate();
        let entries = entries.map(|(index, node)| self.entry(node, &path.item(index)));
        Flow::Any(entries.collect())
    }

    fn entry(&mut self, node: &Node, path: &Path<'_>) -> Flow {
        let forms = if self.version.is_cluster() { CLUSTER_FORMS } else { FORMS };
        let written = read::written(node, forms);
        let [(form, entry)] = written.as_slice() else {
            let message = match written.len() {
                0 => "the port entry says nothing",
                _ => "the port entry has two forms",
            };
            let known: Vec<String> = forms.iter().map(|form| format!("`{form}`")).collect();
            let help = format!("write one of {}", known.join(", "));
            self.reader.refuse(RefusalKind::Port, read::token(node), path, message, help);
            return Flow::Unknown;
        };
        let path = path.field(form);
        match *form {
            "portNumber" => self.port_number(entry, &path),
            "portRange" => self.port_range(entry, &path),
            "namedPort" | "destinationNamedPort" => match entry.value.as_str() {
                Some(name) => Flow::Port(PortTerm {
                    protocols: Protocols::ALL,
                    port: Some(PortRef::Name(name.into())),
                    last: None,
                    span: entry.key_span,
                }),
                None => Flow::Unknown,
            },
            word => {
                let protocol = Protocol::parse(&word.to_uppercase());
                let protocols = protocol.map_or(Protocols::NONE, Protocols::one);
                self.destination_port(entry, protocols, &path)
            }
        }
    }

    fn port_number(&mut self, entry: &Entry, path: &Path<'_>) -> Flow {
        let protocols = protocols(&entry.value);
        let number = self.number(&entry.value, "port", path);
        number.map_or(Flow::Unknown, |number| {
            let span = entry.value.entry("port").map_or(entry.key_span, |port| port.key_span);
            let port = Some(PortRef::Number(number));
            Flow::Port(PortTerm { protocols, port, last: None, span })
        })
    }

    fn port_range(&mut self, entry: &Entry, path: &Path<'_>) -> Flow {
        let protocols = protocols(&entry.value);
        let start = self.number(&entry.value, "start", path);
        let end = self.number(&entry.value, "end", path);
        range(entry, protocols, start, end)
    }

    /// `{destinationPort: {number}}` or `{destinationPort: {range: {start, end}}}`.
    fn destination_port(&mut self, entry: &Entry, protocols: Protocols, path: &Path<'_>) -> Flow {
        let field = path.field("destinationPort");
        let Some(port) = read::entry(&entry.value, "destinationPort") else {
            let message = format!("`{path}` has no `destinationPort`");
            let help = "write `destinationPort: {number: …}`; every port is `range: {start: 1, \
                        end: 65535}`";
            self.reader.refuse(RefusalKind::Port, entry.key_span, path, message, help);
            // A schema that lets it pass reads it as every port (site-src/api-overview.md).
            return Flow::of_protocols(protocols, entry.key_span);
        };
        let forms = read::written(&port.value, &["number", "range"]);
        match forms.as_slice() {
            [("number", number)] => {
                let span = number.key_span;
                let number = self.number(&port.value, "number", &field);
                number.map_or(Flow::Unknown, |number| {
                    let port = Some(PortRef::Number(number));
                    Flow::Port(PortTerm { protocols, port, last: None, span })
                })
            }
            [(_, bounds)] => {
                let path = field.field("range");
                let start = self.number(&bounds.value, "start", &path);
                let end = self.number(&bounds.value, "end", &path);
                if let (Some(start), Some(end)) = (start, end)
                    && start >= end
                {
                    let message = format!("the range {start} to {end} does not ascend");
                    let help = "write `number` for one port";
                    self.reader.refuse(RefusalKind::Port, bounds.key_span, &path, message, help);
                    return Flow::Unknown;
                }
                range(bounds, protocols, start, end)
            }
            _ => {
                let message = match forms.len() {
                    0 => "`destinationPort` says nothing",
                    _ => "`destinationPort` has both `number` and `range`",
                };
                let help = "write one of `number` and `range`";
                self.reader.refuse(RefusalKind::Port, port.key_span, &field, message, help);
                Flow::Unknown
            }
        }
    }

    /// A port number from 1 to 65535.
    fn number(&mut self, node: &Node, field: &'static str, path: &Path<'_>) -> Option<u16> {
        let Some(entry) = read::entry(node, field) else {
            let message = format!("`{path}` has no `{field}`");
            let help = format!("write `{field}: …`");
            let (place, path) = (read::token(node), path.field(field));
            self.reader.refuse(RefusalKind::Port, place, &path, message, help);
            return None;
        };
        let number = read::integer(&entry.value)?;
        let fits = u16::try_from(number).ok().filter(|number| *number > 0);
        if fits.is_none() {
            let message = format!("port {number} is not between 1 and 65535");
            let path = path.field(field);
            let help = "write a number from 1 to 65535";
            self.reader.refuse(RefusalKind::Port, entry.value.span, &path, message, help);
        }
        fits
    }
}

/// Of v1alpha1: TCP by default, and nothing for a word that is none (there is no enum).
fn protocols(node: &Node) -> Protocols {
    match read::value(node, "protocol") {
        None => Protocols::one(Protocol::Tcp),
        Some(word) => {
            let protocol = word.as_str().and_then(Protocol::parse);
            protocol.map_or(Protocols::NONE, Protocols::one)
        }
    }
}

fn range(entry: &Entry, protocols: Protocols, start: Option<u16>, end: Option<u16>) -> Flow {
    let span = entry.key_span;
    match (start, end) {
        (Some(start), Some(end)) if start <= end => {
            let port = Some(PortRef::Number(start));
            Flow::Port(PortTerm { protocols, port, last: Some(end), span })
        }
        (Some(_), Some(_)) => Flow::Nothing,
        _ => Flow::Unknown,
    }
}
