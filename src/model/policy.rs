//! The NetworkPolicy.

use ipnet::IpNet;

use super::field::{Field, Place};
use super::ports::PortEntry;
use super::selector::Selector;
use crate::text::Span;
use crate::yaml::Node;

/// Into the pods, or out of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Into the selected pods.
    Ingress,
    /// Out of the selected pods.
    Egress,
}

impl Direction {
    /// Both of them.
    pub const BOTH: [Self; 2] = [Self::Ingress, Self::Egress];

    /// The field of `spec` with its rules.
    pub fn field(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }

    /// The field of a rule with its peers.
    pub fn peers_field(self) -> &'static str {
        match self {
            Self::Ingress => "from",
            Self::Egress => "to",
        }
    }

    /// Its word in `policyTypes`.
    pub fn policy_type(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        }
    }

    /// The other one.
    pub fn opposite(self) -> Self {
        match self {
            Self::Ingress => Self::Egress,
            Self::Egress => Self::Ingress,
        }
    }
}

/// A NetworkPolicy as written.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The place of `spec`; `None` if it is absent, which selects every pod and denies ingress
    /// (upstream defaults, pkg/apis/networking/v1/defaults.go).
    pub spec: Option<Place>,
    /// `spec.podSelector`. Absent or null selects every pod in the namespace.
    pub pod_selector: Field<Selector>,
    /// `spec.policyTypes`.
    pub policy_types: Field<Vec<Field<Direction>>>,
    /// `spec.ingress`.
    pub ingress: Field<Vec<TrafficRule>>,
    /// `spec.egress`.
    pub egress: Field<Vec<TrafficRule>>,
    /// The whole manifest.
    pub tree: Node,
}

/// One rule of `ingress` or `egress`: traffic must match both peers and ports.
#[derive(Clone, Debug)]
pub struct TrafficRule {
    /// The item's first token (a key after its dash), or the item if it has none.
    pub span: Span,
    /// The whole item.
    pub whole: Span,
    /// `from` or `to`. Absent or empty is everyone, inside and outside the cluster.
    pub peers: Field<Vec<Peer>>,
    /// `ports`. Absent or empty is every port of every protocol.
    pub ports: Field<Vec<PortEntry>>,
    /// Whether the item itself is of the wrong type.
    pub wrong: bool,
}

/// One item of `from` or `to`. Its parts are ANDed; the items are ORed.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The item's first token (a key after its dash), or the item if it has none.
    pub first_token: Span,
    /// The whole item.
    pub whole: Span,
    /// `podSelector`. Null is absent, which is not the same as empty.
    pub pod_selector: Field<Selector>,
    /// `namespaceSelector`. Null is absent, which is not the same as empty.
    pub namespace_selector: Field<Selector>,
    /// `ipBlock`, which excludes the other two.
    pub ip_block: Field<IpBlock>,
    /// Whether the item itself is of the wrong type.
    pub wrong: bool,
}

/// `ipBlock`.
#[derive(Clone, Debug, PartialEq)]
pub struct IpBlock {
    /// `cidr`.
    pub cidr: Field<IpNet>,
    /// `except`.
    pub except: Vec<Field<IpNet>>,
}

impl Policy {
    /// The rules of a direction, as a field.
    pub fn rules_field(&self, direction: Direction) -> &Field<Vec<TrafficRule>> {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    /// The rules of a direction; empty if absent, null or wrong.
    pub fn rules(&self, direction: Direction) -> &[TrafficRule] {
        self.rules_field(direction).get().map_or(&[], Vec::as_slice)
    }

    /// One rule.
    pub fn rule(&self, direction: Direction, index: u32) -> Option<&TrafficRule> {
        self.rules(direction).get(index as usize)
    }

    /// One peer of a rule.
    pub fn peer(&self, direction: Direction, rule: u32, index: u32) -> Option<&Peer> {
        self.rule(direction, rule)?.peers.get()?.get(index as usize)
    }

    /// One port entry of a rule.
    pub fn port(&self, direction: Direction, rule: u32, index: u32) -> Option<&PortEntry> {
        self.rule(direction, rule)?.ports.get()?.get(index as usize)
    }

    /// Whether `policyTypes` lists at least one direction. Absent, null and `[]` are the same to
    /// the API server, which then fills in a default (pkg/apis/networking/v1/defaults.go).
    pub fn has_policy_types(&self) -> bool {
        match &self.policy_types {
            Field::Absent => false,
            Field::Given(types, _) => !types.is_empty(),
            Field::Wrong(..) => true,
        }
    }

    /// Whether the policy isolates its pods in that direction. If `policyTypes` is empty: ingress
    /// always, egress if there is at least one egress rule. If it has an entry it is exact, and
    /// rules of a direction that it leaves out are ignored.
    pub fn isolates(&self, direction: Direction) -> bool {
        if self.has_policy_types() {
            let listed = self.policy_types.get().map_or(&[][..], Vec::as_slice);
            return listed.iter().any(|entry| entry.get() == Some(&direction));
        }
        match direction {
            Direction::Ingress => true,
            Direction::Egress => !self.rules(Direction::Egress).is_empty(),
        }
    }

    /// Whether the effect of the policy in that direction is unknown, because a part that decides
    /// it is of the wrong type (the API server rejects the manifest).
    pub fn is_unsure(&self, direction: Direction) -> bool {
        let types_wrong = self.policy_types.is_wrong()
            || self.policy_types.get().is_some_and(|types| types.iter().any(Field::is_wrong));
        types_wrong || self.rules_field(direction).is_wrong()
    }
}

impl TrafficRule {
    /// The peers; empty means everyone.
    pub fn peer_list(&self) -> &[Peer] {
        self.peers.get().map_or(&[], Vec::as_slice)
    }

    /// The port entries; empty means every port.
    pub fn port_list(&self) -> &[PortEntry] {
        self.ports.get().map_or(&[], Vec::as_slice)
    }

    /// Whether it is for everyone, inside and outside the cluster.
    pub fn is_for_everyone(&self) -> bool {
        !self.wrong && !self.peers.is_wrong() && self.peer_list().is_empty()
    }

    /// Whether it allows every port of every protocol.
    pub fn is_for_all_ports(&self) -> bool {
        !self.wrong && !self.ports.is_wrong() && self.port_list().is_empty()
    }
}
