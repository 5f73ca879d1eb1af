//! Policies of the kinds beside NetworkPolicy that decide connections: admin policies of the Network
//! Policy API, Cilium's and Calico's. Each kind is decoded in a folder of its own; all have one shape.

mod ends;
mod expr;
mod flow;
mod path;
pub mod read;
mod refusal;
mod schema;

pub use ends::{CidrGroup, Ends, Entity, NamePattern, NetTerm, PodTerm, Scope, ServiceTerm};
pub use expr::{Expr, LabelOf, NAMESPACE_NAME, TextOperator, TextTest};
pub use flow::{Entry, Flow, IcmpFamily, PortTerm, Protocols};
pub use path::Path;
pub use read::{Bits, Laxity, Reader};
pub use refusal::{Advice, Refusal, RefusalKind};
pub use schema::{METADATA, SELECTOR, Shape, found, near};

use std::fmt;
use std::sync::Arc;

use compact_str::CompactString;

use super::field::Place;
use super::policy::Direction;
use crate::text::Span;
use crate::yaml::Node;

/// A policy of one of those kinds, as written.
#[derive(Clone, Debug)]
pub struct TieredPolicy {
    /// Its kind.
    pub kind: PolicyKind,
    /// Where it comes among other policies.
    pub rank: Rank,
    /// What selects its pods: one for each `spec`, and for each item of Cilium's `specs`.
    pub specs: Vec<PolicySpec>,
    /// All rules, in the order in which they are written.
    pub rules: Arc<Vec<TieredRule>>,
    /// What the API server, the agent or a validating client refuses.
    pub refusals: Vec<Refusal>,
    /// The whole manifest.
    pub tree: Node,
}

/// A kind of policy that is evaluated, by group and kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyKind {
    /// AdminNetworkPolicy (policy.networking.k8s.io/v1alpha1).
    AdminNetworkPolicy,
    /// BaselineAdminNetworkPolicy (policy.networking.k8s.io/v1alpha1).
    BaselineAdminNetworkPolicy,
    /// ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2).
    ClusterNetworkPolicy,
    /// CiliumNetworkPolicy.
    CiliumNetworkPolicy,
    /// CiliumClusterwideNetworkPolicy.
    CiliumClusterwideNetworkPolicy,
    /// Calico's NetworkPolicy.
    CalicoNetworkPolicy,
    /// Calico's GlobalNetworkPolicy.
    CalicoGlobalNetworkPolicy,
    /// Calico's staged kinds, which enforce nothing.
    CalicoStaged,
}

/// What evaluates a kind of policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evaluator {
    /// Any plugin that implements the Network Policy API.
    NetworkPolicyApi,
    /// Cilium.
    Cilium,
    /// Calico.
    Calico,
}

impl PolicyKind {
    /// The kind of that group and name.
    pub fn of(group: &str, kind: &str) -> Option<Self> {
        Some(match (group, kind) {
            ("policy.networking.k8s.io", "AdminNetworkPolicy") => Self::AdminNetworkPolicy,
            ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy") => {
                Self::BaselineAdminNetworkPolicy
            }
            ("policy.networking.k8s.io", "ClusterNetworkPolicy") => Self::ClusterNetworkPolicy,
            ("cilium.io", "CiliumNetworkPolicy") => Self::CiliumNetworkPolicy,
            ("cilium.io", "CiliumClusterwideNetworkPolicy") => Self::CiliumClusterwideNetworkPolicy,
            ("projectcalico.org" | "crd.projectcalico.org", kind) => match kind {
                "NetworkPolicy" => Self::CalicoNetworkPolicy,
                "GlobalNetworkPolicy" => Self::CalicoGlobalNetworkPolicy,
                "StagedNetworkPolicy"
                | "StagedGlobalNetworkPolicy"
                | "StagedKubernetesNetworkPolicy" => Self::CalicoStaged,
                _ => return None,
            },
            _ => return None,
        })
    }

    /// Who evaluates it.
    pub fn evaluator(self) -> Evaluator {
        match self {
            Self::AdminNetworkPolicy
            | Self::BaselineAdminNetworkPolicy
            | Self::ClusterNetworkPolicy => Evaluator::NetworkPolicyApi,
            Self::CiliumNetworkPolicy | Self::CiliumClusterwideNetworkPolicy => Evaluator::Cilium,
            Self::CalicoNetworkPolicy | Self::CalicoGlobalNetworkPolicy | Self::CalicoStaged => {
                Evaluator::Calico
            }
        }
    }

    /// Whether it has no namespace.
    pub fn is_cluster_wide(self) -> bool {
        !matches!(self, Self::CiliumNetworkPolicy | Self::CalicoNetworkPolicy | Self::CalicoStaged)
    }
}

impl PolicyKind {
    /// The name of the kind, with its project where Kubernetes has one of the same name.
    pub fn name(self) -> &'static str {
        match self {
            Self::AdminNetworkPolicy => "AdminNetworkPolicy",
            Self::BaselineAdminNetworkPolicy => "BaselineAdminNetworkPolicy",
            Self::ClusterNetworkPolicy => "ClusterNetworkPolicy",
            Self::CiliumNetworkPolicy => "CiliumNetworkPolicy",
            Self::CiliumClusterwideNetworkPolicy => "CiliumClusterwideNetworkPolicy",
            Self::CalicoNetworkPolicy => "Calico NetworkPolicy",
            Self::CalicoGlobalNetworkPolicy => "GlobalNetworkPolicy",
            Self::CalicoStaged => "staged Calico policy",
        }
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a policy comes among those of other kinds and its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Rank {
    /// Before Kubernetes' own policies: lower numbers first.
    Admin {
        /// `priority`; none where it is missing or refused.
        priority: Option<u16>,
    },
    /// For pods that no NetworkPolicy selects.
    Baseline {
        /// `priority`, of a ClusterNetworkPolicy; the other kind has one policy only.
        priority: Option<u16>,
    },
    /// Beside Kubernetes' own policies, in no order: any deny wins.
    Beside,
    /// In a tier of Calico's.
    Tiered {
        /// `spec.tier`.
        tier: CompactString,
        /// `spec.order`: lower first, none last.
        order: Option<f64>,
    },
    /// It enforces nothing, or nobody can tell where it comes.
    Nowhere,
}

/// One subject of a policy, and the directions that it closes for it.
#[derive(Clone, Debug)]
pub struct PolicySpec {
    /// Where it is written: `spec`, or an item of `specs`.
    pub place: Option<Place>,
    /// Its position in `specs`; none for `spec`.
    pub index: Option<u32>,
    /// The pods it selects.
    pub subject: PodTerm,
    /// Whether it is for nodes and what is on their network, and not for pods.
    pub is_for_nodes: bool,
    /// Whether what no rule decides is denied for its pods, for ingress and egress: Cilium's default
    /// deny, and whether a Calico policy counts for the default of its tier.
    pub closes: [Closes; 2],
}

/// Whether a policy closes a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closes {
    /// It says nothing of that direction.
    No,
    /// It does.
    Yes,
    /// What is written does not tell.
    Unknown,
}

impl PolicySpec {
    /// Whether it closes that direction.
    pub fn closes(&self, direction: Direction) -> Closes {
        self.closes[direction as usize]
    }

    /// Its path from the object's root.
    pub fn path(&self) -> String {
        self.index.map_or_else(|| "spec".to_owned(), |index| format!("specs[{index}]"))
    }
}

/// What a rule does with the connections that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// They are allowed.
    Allow,
    /// They are denied.
    Deny,
    /// The next tier decides.
    Pass,
    /// Nothing: the next rule decides.
    Log,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct TieredRule {
    /// The number of its spec in [`TieredPolicy::specs`].
    pub spec: usize,
    /// Its direction.
    pub direction: Direction,
    /// What it does.
    pub action: Action,
    /// The list it is an item of: `ingress`, `egressDeny` ….
    pub list: &'static str,
    /// Its position there.
    pub index: u32,
    /// The item's first token.
    pub span: Span,
    /// The whole item.
    pub whole: Span,
    /// The other end.
    pub peer: Ends,
    /// A condition on the policy's own pods (the other half of a Calico rule).
    pub own: Ends,
    /// Ports and protocols.
    pub flow: Flow,
    /// Whether it is in force.
    pub effect: Effect,
    /// The names that its DNS rules let through, of a Cilium rule that has any.
    pub dns: Option<Vec<NamePattern>>,
    /// Whether requests may be refused after the connection opens.
    pub has_l7: bool,
}

/// Whether a rule is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is.
    Sure,
    /// What is written does not tell (mutual authentication).
    Unknown,
    /// It never is (`types` leaves its direction out; authentication that always fails).
    Never,
}

impl TieredPolicy {
    /// The rules of one spec in one direction, with their numbers.
    pub fn rules_of(
        &self,
        spec: usize,
        direction: Direction,
    ) -> impl Iterator<Item = (u32, &TieredRule)> {
        let is_of = move |rule: &TieredRule| rule.spec == spec && rule.direction == direction;
        (0u32..).zip(self.rules.iter()).filter(move |(_, rule)| is_of(rule))
    }

    /// Its kind, with the tier that it is in where there are several.
    pub fn tier_and_kind(&self) -> String {
        match &self.rank {
            Rank::Admin { .. } => format!("{}, tier Admin", self.kind),
            Rank::Baseline { .. } => format!("{}, tier Baseline", self.kind),
            Rank::Tiered { tier, .. } => format!("{}, tier {tier}", self.kind),
            Rank::Beside | Rank::Nowhere => self.kind.to_string(),
        }
    }

    /// The path of a rule from the object's root: `specs[1].egressDeny[0]`.
    pub fn rule_path(&self, number: u32) -> Option<String> {
        let rule = self.rules.get(number as usize)?;
        let spec = self.specs.get(rule.spec)?.path();
        Some(format!("{spec}.{}[{}]", rule.list, rule.index))
    }
}
