//! Addresses in a policy: symbolic, and resolved to a span only when needed.

use std::fmt;

use super::policy::{Direction, Policy};
use super::policy_id::PolicyId;
use crate::text::Span;

/// A place in one policy of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// The policy: its index among the cluster's objects.
    pub policy: PolicyId,
    /// The place in it.
    pub spot: Spot,
}

/// A place in a policy. Numbers are 0-based indices into the lists as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spot {
    /// `metadata`.
    Metadata,
    /// `spec`.
    Spec,
    /// `spec.policyTypes`.
    PolicyTypes,
    /// `spec.podSelector`.
    PodSelector,
    /// `spec.ingress` or `spec.egress`.
    Rules(Direction),
    /// `spec.egress[i]`.
    Rule(Direction, u32),
    /// `spec.egress[i].to[j]`.
    Peer(Direction, u32, u32),
    /// `spec.egress[i].to[j].podSelector`.
    PeerPods(Direction, u32, u32),
    /// `spec.egress[i].to[j].namespaceSelector`.
    PeerNamespaces(Direction, u32, u32),
    /// `spec.egress[i].to[j].ipBlock`.
    PeerBlock(Direction, u32, u32),
    /// `spec.egress[i].ports[k]`.
    Port(Direction, u32, u32),
    /// A rule of a policy of another kind than NetworkPolicy, by its number among all of them.
    Statement(u32),
    /// A selector of such a rule, by the rule's number and its own position among them.
    StatementPeer(u32, u32),
    /// An entry for ports of such a rule, by the rule's number and its own position among them.
    StatementPort(u32, u32),
}

impl Spot {
    /// The direction of the rules that contain it.
    pub fn direction(self) -> Option<Direction> {
        match self {
            Self::Metadata
            | Self::Spec
            | Self::PolicyTypes
            | Self::PodSelector
            | Self::Statement(_)
            | Self::StatementPeer(..)
            | Self::StatementPort(..) => None,
            Self::Rules(d)
            | Self::Rule(d, _)
            | Self::Peer(d, ..)
            | Self::PeerPods(d, ..)
            | Self::PeerNamespaces(d, ..)
            | Self::PeerBlock(d, ..)
            | Self::Port(d, ..) => Some(d),
        }
    }

    /// The index of the rule that contains it.
    pub fn rule(self) -> Option<u32> {
        match self {
            Self::Rule(_, i)
            | Self::Peer(_, i, _)
            | Self::PeerPods(_, i, _)
            | Self::PeerNamespaces(_, i, _)
            | Self::PeerBlock(_, i, _)
            | Self::Port(_, i, _) => Some(i),
            _ => None,
        }
    }

    /// The rule that contains it.
    pub fn rule_spot(self) -> Option<Self> {
        match self {
            Self::Statement(n) | Self::StatementPeer(n, _) | Self::StatementPort(n, _) => {
                Some(Self::Statement(n))
            }
            _ => Some(Self::Rule(self.direction()?, self.rule()?)),
        }
    }

    /// The index of the peer that contains it.
    pub fn peer(self) -> Option<u32> {
        match self {
            Self::Peer(_, _, j)
            | Self::PeerPods(_, _, j)
            | Self::PeerNamespaces(_, _, j)
            | Self::PeerBlock(_, _, j) => Some(j),
            _ => None,
        }
    }

    /// The key of the place in `policy`, or else the item's first token, or else the policy's head.
    pub fn key_span(self, policy: &Policy) -> Option<Span> {
        match self {
            Self::Metadata
            | Self::Statement(_)
            | Self::StatementPeer(..)
            | Self::StatementPort(..) => None,
            Self::Spec => policy.spec.map(|place| place.key),
            Self::PolicyTypes => policy.policy_types.place().map(|place| place.key),
            Self::PodSelector => policy.pod_selector.place().map(|place| place.key),
            Self::Rules(d) => policy.rules_field(d).place().map(|place| place.key),
            Self::Rule(d, i) => policy.rule(d, i).map(|rule| rule.span),
            Self::Peer(d, i, j) => policy.peer(d, i, j).map(|peer| peer.first_token),
            Self::PeerPods(d, i, j) => {
                policy.peer(d, i, j)?.pod_selector.place().map(|place| place.key)
            }
            Self::PeerNamespaces(d, i, j) => {
                policy.peer(d, i, j)?.namespace_selector.place().map(|place| place.key)
            }
            Self::PeerBlock(d, i, j) => {
                policy.peer(d, i, j)?.ip_block.place().map(|place| place.key)
            }
            Self::Port(d, i, k) => {
                let entry = policy.port(d, i, k)?;
                Some(entry.port.place().map_or(entry.first_token, |place| place.key))
            }
        }
    }
}

impl fmt::Display for Spot {
    /// The field path from the object's root: `spec.egress[0].to[1].podSelector`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Metadata => write!(f, "metadata"),
            Self::Spec => write!(f, "spec"),
            Self::PolicyTypes => write!(f, "spec.policyTypes"),
            Self::PodSelector => write!(f, "spec.podSelector"),
            Self::Rules(d) => write!(f, "spec.{}", d.field()),
            Self::Rule(d, i) => write!(f, "spec.{}[{i}]", d.field()),
            Self::Peer(d, i, j) => write!(f, "spec.{}[{i}].{}[{j}]", d.field(), d.peers_field()),
            Self::PeerPods(d, i, j) => write!(f, "{}.podSelector", Self::Peer(d, i, j)),
            Self::PeerNamespaces(d, i, j) => write!(f, "{}.namespaceSelector", Self::Peer(d, i, j)),
            Self::PeerBlock(d, i, j) => write!(f, "{}.ipBlock", Self::Peer(d, i, j)),
            Self::Statement(number)
            | Self::StatementPeer(number, _)
            | Self::StatementPort(number, _) => write!(f, "spec.rules[{number}]"),
            Self::Port(d, i, k) => write!(f, "spec.{}[{i}].ports[{k}]", d.field()),
        }
    }
}
