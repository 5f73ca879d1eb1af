//! A file of expectations: YAML to expectations, with the place of each.

use super::end::Named;
use crate::model::Protocol;
use crate::reach::PortSet;
use crate::text::Span;
use crate::yaml::{Entry, Node, ScalarKind};

/// One document of a file of expectations.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    /// The cluster of bundles that it is about; none for every cluster that has the workloads.
    pub cluster: Option<Named>,
    /// What is expected, in the order of the file.
    pub list: Vec<Expectation>,
    /// What can't be understood.
    pub faults: Vec<Fault>,
}

/// What is expected of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It is allowed.
    Allow,
    /// It is denied.
    Deny,
}

impl Expected {
    /// The key of its list.
    pub fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

/// One expectation: every connection from one of `from` to one of `to`.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// What is expected.
    pub expected: Expected,
    /// Its first token.
    pub place: Span,
    /// Who connects.
    pub from: Vec<Named>,
    /// Who is connected to.
    pub to: Vec<Named>,
    /// On which ports; none for all that matter.
    pub ports: Option<PortSet>,
    /// Why, in the author's words.
    pub reason: Option<String>,
}

/// What can't be understood in a file of expectations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Span,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// The most ends on one side of an expectation, and the most ports and ranges of it.
const MOST: usize = 10_000;

const KEYS: &str = "the keys are `allow`, `deny` and `cluster`";
const EXPECTATION_KEYS: &str = "the keys are `from`, `to`, `ports`, `protocol` and `reason`";

/// Reads one document.
pub fn read(root: &Node) -> Expectations {
    let mut found = Expectations::default();
    let Some(map) = root.as_map() else {
        if !root.is_null() {
            found.fault(root.span, "this is not a mapping", KEYS);
        }
        return found;
    };
    for entry in &map.entries {
        match entry.key.as_str() {
            "allow" => found.read_list(Expected::Allow, &entry.value),
            "deny" => found.read_list(Expected::Deny, &entry.value),
            "cluster" => match entry.value.as_str() {
                Some(name) => found.cluster = Some(Named::new(name, entry.value.span)),
                None => found.fault(
                    entry.value.span,
                    "`cluster` is not a string",
                    "write the name that `netpol-lint bundles` prints",
                ),
            },
            key => found.fault(entry.key_span, &format!("`{key}` is not a key here"), KEYS),
        }
    }
    found
}

impl Expectations {
    fn fault(&mut self, place: Span, message: &str, help: &str) {
        self.faults.push(Fault { place, message: message.to_owned(), help: help.to_owned() });
    }

    fn read_list(&mut self, expected: Expected, list: &Node) {
        let Some(items) = list.as_seq() else {
            if !list.is_null() {
                let message = format!("`{}` is not a list", expected.word());
                self.fault(list.span, &message, "write a list of expectations");
            }
            return;
        };
        for item in items {
            match one(expected, item) {
                Ok(expectation) => self.list.push(expectation),
                Err(fault) => self.faults.push(fault),
            }
        }
    }
}

fn fault(place: Span, message: impl Into<String>, help: impl Into<String>) -> Fault {
    Fault { place, message: message.into(), help: help.into() }
}

fn one(expected: Expected, item: &Node) -> Result<Expectation, Fault> {
    let Some(map) = item.as_map() else {
        return Err(fault(item.span, "this expectation is not a mapping", EXPECTATION_KEYS));
    };
    let place = map.entries.first().map_or(item.span, |entry| entry.key_span);
    let (mut from, mut to) = (None, None);
    let (mut ports, mut protocol, mut reason) = (None, None, None);
    for entry in &map.entries {
        match entry.key.as_str() {
            "from" => from = Some(ends(entry)?),
            "to" => to = Some(ends(entry)?),
            "ports" => ports = Some(entry),
            "protocol" => protocol = Some(protocol_of(entry)?),
            "reason" => match entry.value.as_scalar() {
                Some(scalar) => reason = Some(scalar.text.to_string()),
                None => {
                    return Err(fault(entry.value.span, "`reason` is not a string", "quote it"));
                }
            },
            key => {
                let message = format!("`{key}` is not a key of an expectation");
                return Err(fault(entry.key_span, message, EXPECTATION_KEYS));
            }
        }
    }
    let missing = |key: &str| {
        let help = "write a workload, an address, `internet`, `dns` or `apiserver`";
        fault(place, format!("this expectation has no `{key}`"), help)
    };
    let ports = match (ports, protocol) {
        (Some(entry), protocol) => Some(ports_of(entry, protocol.unwrap_or(Protocol::Tcp))?),
        (None, Some(protocol)) => Some(PortSet::range(protocol, 1, u16::MAX)),
        (None, None) => None,
    };
    let from = from.ok_or_else(|| missing("from"))?;
    let to = to.ok_or_else(|| missing("to"))?;
    Ok(Expectation { expected, place, from, to, ports, reason })
}

/// One end or a list of them.
fn ends(entry: &Entry) -> Result<Vec<Named>, Fault> {
    let value = &entry.value;
    let help = "write a workload, an address, `internet`, `dns` or `apiserver`, or a list of these";
    let nodes = value.as_seq().unwrap_or(std::slice::from_ref(value));
    if nodes.is_empty() || nodes.len() > MOST {
        let message = match nodes.len() {
            0 => format!("`{}` is empty", entry.key),
            _ => format!("`{}` has more than {MOST} entries", entry.key),
        };
        return Err(fault(entry.key_span, message, help));
    }
    let name = |node: &Node| match node.as_scalar() {
        Some(scalar) if scalar.kind != ScalarKind::Null && !scalar.text.is_empty() => {
            Ok(Named::new(&scalar.text, node.span))
        }
        _ => Err(fault(node.span, format!("`{}` is not a string", entry.key), help)),
    };
    nodes.iter().map(name).collect()
}

fn protocol_of(entry: &Entry) -> Result<Protocol, Fault> {
    let text = entry.value.as_str().unwrap_or_default();
    Protocol::parse(text).ok_or_else(|| {
        let message = "`protocol` is not one that policies know";
        fault(entry.value.span, message, "write TCP, UDP or SCTP")
    })
}

/// `[80, 8080-8090]`, one of these, or what `netpol-lint reach` prints: `TCP 80, UDP 53`.
fn ports_of(entry: &Entry, protocol: Protocol) -> Result<PortSet, Fault> {
    let help = "write the numbers of pod ports, such as `[80, 8080-8090]`";
    let nodes = entry.value.as_seq().unwrap_or(std::slice::from_ref(&entry.value));
    if nodes.is_empty() || nodes.len() > MOST {
        let message = format!("`ports` has {} entries, and 1 to {MOST} are allowed", nodes.len());
        return Err(fault(entry.key_span, message, help));
    }
    let mut ports = PortSet::default();
    for node in nodes {
        let text = node.as_scalar().map(|scalar| scalar.text.as_str()).unwrap_or_default();
        let parsed = match text.starts_with(|c: char| c.is_ascii_digit()) {
            true => PortSet::parse(&format!("{protocol} {text}")),
            false => PortSet::parse(text),
        };
        let parsed = parsed.map_err(|part| {
            let message = format!("`{part}` is not a port");
            fault(node.span, message, help)
        })?;
        ports = &ports | &parsed;
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceId;
    use crate::yaml::{self, Limits};

    fn parsed(text: &str) -> Expectations {
        let stream = yaml::read(SourceId(0), text, 0..text.len(), None, &Limits::default());
        read(&stream.documents[0].root)
    }

    #[test]
    fn ends_and_ports_are_read_alone_or_in_lists() {
        let found = parsed(
            "allow:\n- {from: a, to: [b, internet], ports: [80, 8080-8090], protocol: UDP}\n\
             - {from: a, to: dns, ports: 'TCP 53, UDP 53', reason: names}\n\
             deny:\n- {from: 192.0.2.1, to: b}\n- {from: a, to: b, protocol: SCTP}\n",
        );
        assert_eq!(found.faults, []);
        let ports: Vec<Option<String>> =
            found.list.iter().map(|it| it.ports.as_ref().map(ToString::to_string)).collect();
        assert_eq!(ports[0].as_deref(), Some("UDP 80,8080-8090"));
        assert_eq!(ports[1].as_deref(), Some("TCP 53, UDP 53"));
        assert_eq!(ports[2], None);
        assert_eq!(ports[3].as_deref(), Some("SCTP 1-65535"));
        assert_eq!(found.list[0].to.len(), 2);
        assert_eq!(found.list[1].reason.as_deref(), Some("names"));
        assert_eq!(found.list[2].expected, Expected::Deny);
    }

    #[test]
    fn what_is_not_understood_is_said_and_hides_nothing_else() {
        let found = parsed(
            "allwo: []\nallow:\n- {from: a}\n- {from: a, to: b, port: 80}\n- {from: [], to: b}\n\
             - {from: a, to: b, ports: [http]}\n- {from: a, to: b, protocol: ICMP}\n- a\n\
             - {from: a, to: b}\ndeny: no\ncluster: [x]\n",
        );
        assert_eq!(found.list.len(), 1);
        let messages: Vec<&str> = found.faults.iter().map(|it| it.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "`allwo` is not a key here",
                "this expectation has no `to`",
                "`port` is not a key of an expectation",
                "`from` is empty",
                "`http` is not a port",
                "`protocol` is not one that policies know",
                "this expectation is not a mapping",
                "`deny` is not a list",
                "`cluster` is not a string",
            ]
        );
        assert!(parsed("~\n").faults.is_empty(), "an empty file expects nothing");
    }
}
