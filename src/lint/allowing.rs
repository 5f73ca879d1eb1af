//! The smallest change that allows a connection: one more rule, for just that.

use super::Context;
use super::edits::{New, Site, brackets};
use super::finding::Edit;
use crate::model::{Direction, Field, Label, PolicyId, Protocol, Spot};
use crate::reach::Port;
use crate::resolve::{NAME_LABEL, Subject, WorkloadId};

/// The other end of a connection, as a rule names it.
#[derive(Clone, Copy, Debug)]
pub enum Other {
    /// The pods of a workload, by number.
    Workload(WorkloadId),
    /// An address.
    Address(std::net::IpAddr),
}

/// A rule that is to be added to a policy.
#[derive(Debug)]
pub struct NewRule {
    /// The rule as YAML, one item of a list.
    pub text: String,
    /// The edit of the policy's own text; none where it is made of a template, or written so that
    /// no line can be added for certain.
    pub edit: Option<Edit>,
}

/// A rule that lets the pods of a policy send to the other end on that port (egress), or be reached
/// by it (ingress).
pub fn allow(
    cx: &Context<'_>,
    policy: PolicyId,
    direction: Direction,
    other: Other,
    port: Option<Port>,
) -> NewRule {
    let peer = peer(cx, policy, other);
    let mut rule = vec![(direction.peers_field(), New::List(vec![New::Map(peer)]))];
    if let Some(port) = port {
        let mut entry = vec![("port", New::text(port.number.to_string()))];
        if port.protocol != Protocol::Tcp {
            entry.push(("protocol", New::text(port.protocol.to_string())));
        }
        rule.push(("ports", New::List(vec![New::Map(entry)])));
    }
    let rule = New::Map(rule);
    let text = format!("- {}", brackets(&rule, ""));
    NewRule { text, edit: edit(cx, policy, direction, rule) }
}

fn edit(cx: &Context<'_>, policy: PolicyId, direction: Direction, rule: New) -> Option<Edit> {
    // What a chart or an overlay makes of a text is not written there as such.
    if cx.cluster.object(policy).made.is_some() {
        return None;
    }
    let site = Site::of(cx, policy)?;
    let spec = site.node(Spot::Spec)?;
    match cx.cluster.policy(policy).rules_field(direction) {
        Field::Wrong(..) => None,
        Field::Absent if spec.entry(direction.field()).is_some() => None,
        Field::Absent => {
            let keys = ["policyTypes", "podSelector"];
            let below = keys.into_iter().find(|key| spec.entry(key).is_some())?;
            site.key_below(spec, below, direction.field(), &New::List(vec![rule]))
        }
        Field::Given(rules, place) => {
            let list = site.node(Spot::Rules(direction))?;
            match rules.len() {
                0 => Some(site.replace(place.value, format!("[{}]", brackets(&rule, "")))),
                count => site.item_below(list, count - 1, &rule),
            }
        }
    }
}

/// The peer: labels that no other workload of the namespace has together, as few as will do.
fn peer(cx: &Context<'_>, policy: PolicyId, other: Other) -> Vec<(&'static str, New)> {
    let number = match other {
        Other::Address(address) => {
            let length = if address.is_ipv4() { 32 } else { 128 };
            let cidr = quoted(&format!("{address}/{length}"));
            return vec![("ipBlock", New::Map(vec![("cidr", New::text(cidr))]))];
        }
        Other::Workload(number) => number,
    };
    let it = cx.cluster.workload(number);
    let mut peer = Vec::new();
    if cx.cluster.namespace_of(Subject::Workload(number)) != cx.cluster.home(policy) {
        peer.push(("namespaceSelector", New::label(NAME_LABEL, quoted(&it.namespace.name))));
    }
    let labels = distinct(cx, number).into_iter();
    let labels = labels.map(|label| format!("{}: {}", quoted(&label.key), quoted(&label.value)));
    let labels: Vec<String> = labels.collect();
    let selector = match labels.is_empty() {
        true => "{}".to_owned(),
        false => format!("{{matchLabels: {{{}}}}}", labels.join(", ")),
    };
    peer.push(("podSelector", New::text(selector)));
    peer
}

/// One label that only this workload of its namespace has, of those that are meant for it; else all
/// of its labels.
fn distinct<'a>(cx: &Context<'a>, number: WorkloadId) -> Vec<&'a Label> {
    const MEANT: [&str; 5] =
        ["app.kubernetes.io/component", "app.kubernetes.io/name", "app", "k8s-app", "name"];
    let it = cx.cluster.workload(number);
    let siblings = || WorkloadId::all(&it.namespace.workloads).filter(|other| *other != number);
    let is_own = |label: &&Label| {
        siblings().all(|other| {
            let other = cx.cluster.workload(other).workload.label(&label.key);
            other.is_none_or(|other| other.value != label.value)
        })
    };
    let meant = MEANT.iter().filter_map(|key| it.workload.label(key));
    let one = meant.into_iter().find(is_own);
    one.map_or_else(|| it.workload.labels.iter().collect(), |label| vec![label])
}

/// A label's key or value as a scalar, in quotes unless it is plain for certain.
fn quoted(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-./".contains(&b))
        && !matches!(text, "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null");
    if is_plain { text.to_owned() } else { format!("{text:?}") }
}
