//! One cause, one finding: which rule reports a cause that several rules find.
//!
//! [`TABLE`] is all of it. Each entry says which rules override which others, and how close to each
//! other their findings must be ([`Scope`], on the addresses in the policy). An overridden finding
//! still overrides others: what it says is true, and another finding says it better. So the outcome
//! does not depend on the order of the findings or of the entries.

use crate::lint::{Check, Rule};

/// A set of rules.
#[derive(Clone, Copy, Debug)]
pub enum Rules {
    /// These; an id that ends with `*` matches all ids with that prefix.
    Are(&'static [&'static str]),
    /// All but these, and but those about the run itself.
    AllBut(&'static [&'static str]),
}

/// How close to the winner a finding must be to be overridden by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Derived from the field that the winner is about: see `winners::read_from`.
    Dependent,
    /// What `policyTypes` decides: rules' lists, `policyTypes` and `spec` of the same policy; the
    /// winner is about one of `policyTypes` and `spec`.
    PolicyTypes,
    /// The same entry of `ports`.
    Port,
    /// The winner's peer or the one before it, in the same rule.
    Neighbours,
    /// The same rule, an item of `ingress` or `egress`.
    Rule,
    /// The same direction.
    Direction,
    /// The same policy.
    Policy,
    /// A policy or a rule that is among the other finding's evidence: one of its related places is a
    /// place of the winner.
    Evidence,
    /// The same policy, or one that is among the other finding's evidence.
    PolicyOrEvidence,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Precedence {
    /// The rules that are reported.
    pub winners: Rules,
    /// The rules that are overridden at the same place.
    pub losers: Rules,
    /// What counts as the same place.
    pub scope: Scope,
}

/// What the API server or its clients reject: each such finding is a mistake of its own, and a
/// rejected manifest must be fixed whatever else is wrong.
const REFUSALS: [&str; 4] = ["invalid-*", "unknown-field", "duplicate-key", "removed-api-version"];

/// The most specific rule wins. Each entry gives its reason.
pub const TABLE: &[Precedence] = &[
    // A field that can't be read as written has no meaning: any other finding would be about what
    // the decoder made of it.
    Precedence {
        winners: Rules::Are(&["invalid-*", "unknown-field"]),
        losers: Rules::AllBut(&REFUSALS),
        scope: Scope::Dependent,
    },
    // A wrong entry in `policyTypes` is why a direction seems to be missing.
    Precedence {
        winners: Rules::Are(&["invalid-policy"]),
        losers: Rules::Are(&POLICY_TYPES_RULES),
        scope: Scope::PolicyTypes,
    },
    // So is a misspelt `policytypes`: the API server ignores it, so `policyTypes` seems to be
    // absent.
    Precedence {
        winners: Rules::Are(&["unknown-field"]),
        losers: Rules::Are(&POLICY_TYPES_RULES),
        scope: Scope::PolicyTypes,
    },
    // Each of these reports what the absent `policyTypes` causes, which is more than that it is
    // absent.
    Precedence {
        winners: Rules::Are(&["implicit-ingress-isolation", "no-effect-egress"]),
        losers: Rules::Are(&["implicit-policy-types"]),
        scope: Scope::Policy,
    },
    // There is a DNS rule, but it misses its target: fixing it allows DNS. The wrong rule is in the
    // same direction, but elsewhere in it.
    Precedence {
        winners: Rules::Are(&[
            "kustomize-rewrites-peer",
            "dns-wrong-target",
            "dns-single-protocol",
        ]),
        losers: Rules::Are(&["missing-dns-egress"]),
        scope: Scope::Direction,
    },
    // A namespace's label explains it only in a rule that is meant for DNS, which is among the
    // evidence.
    Precedence {
        winners: Rules::Are(&["namespace-label-by-name"]),
        losers: Rules::Are(&["missing-dns-egress"]),
        scope: Scope::Evidence,
    },
    // Whether DNS is allowed at all depends on the label; over which protocols comes after that.
    Precedence {
        winners: Rules::Are(&["namespace-label-by-name"]),
        losers: Rules::Are(&["dns-single-protocol"]),
        scope: Scope::Rule,
    },
    // The peer matched DNS until a label was added to it.
    Precedence {
        winners: Rules::Are(&["kustomize-rewrites-peer"]),
        losers: Rules::Are(&["dns-wrong-target", "missing-namespace-selector"]),
        scope: Scope::Rule,
    },
    // So does a rule that the API server rejects: what it would allow is unknown.
    Precedence {
        winners: Rules::Are(&[
            "invalid-peer",
            "invalid-policy",
            "invalid-port",
            "invalid-selector",
            "unknown-field",
        ]),
        losers: Rules::Are(&["missing-dns-egress", "dns-single-protocol", "dns-wrong-target"]),
        scope: Scope::Direction,
    },
    // The peer that can't be the cluster's DNS selects nothing for exactly that reason. There is
    // one finding per rule, on the wrong label or on a port, so it covers all peers of the rule.
    Precedence {
        winners: Rules::Are(&["dns-wrong-target"]),
        losers: Rules::Are(&["missing-namespace-selector", "orphaned-*"]),
        scope: Scope::Rule,
    },
    // The podSelector selects nothing in its own namespace because its namespaceSelector became a
    // separate peer. The finding is on the second of the two, and either can be the podSelector.
    Precedence {
        winners: Rules::Are(&["split-peer"]),
        losers: Rules::Are(&["missing-namespace-selector", "orphaned-*"]),
        scope: Scope::Neighbours,
    },
    // Each of these says why the selector selects nothing; `orphaned-*` only says that it does.
    Precedence {
        winners: Rules::Are(&[
            "kustomize-rewrites-peer",
            "namespace-label-by-name",
            "missing-namespace-selector",
            "labels-on-workload-not-pod",
            "contradictory-selector",
            "volatile-label-selector",
        ]),
        losers: Rules::Are(&["orphaned-*"]),
        scope: Scope::Dependent,
    },
    // Most network plugins ignore the policy for pods on the host network: its rules have no
    // effect, right or wrong. Findings about its identity (name, namespace, duplicates) still
    // apply.
    Precedence {
        winners: Rules::Are(&["host-network-target"]),
        losers: Rules::AllBut(&[
            "invalid-*",
            "unknown-field",
            "duplicate-*",
            "removed-api-version",
            "implicit-namespace",
            "undocumented-policy",
            "host-network-target",
        ]),
        scope: Scope::Policy,
    },
    // The peers were to be filled in, so the ports were not split off by an extra dash.
    Precedence {
        winners: Rules::Are(&["null-field"]),
        losers: Rules::Are(&["split-peers-and-ports"]),
        scope: Scope::Rule,
    },
    // Any empty rule gets "everyone, often meant as none"; the name of a policy that is called deny
    // shows which of the two was meant.
    Precedence {
        winners: Rules::Are(&["deny-policy-allows-all"]),
        losers: Rules::Are(&["empty-peer-list", "null-field"]),
        scope: Scope::Rule,
    },
    // The port is wrong, so of course no container declares it. Another entry's port is another
    // mistake.
    Precedence {
        winners: Rules::Are(&["service-port-not-pod-port", "port-protocol-mismatch"]),
        losers: Rules::Are(&["undeclared-port"]),
        scope: Scope::Port,
    },
    // And the rule with the wrong port is why the connection is denied; the finding about the
    // connection is on the rule's peer.
    Precedence {
        winners: Rules::Are(&["service-port-not-pod-port", "port-protocol-mismatch"]),
        losers: Rules::Are(&["half-open-connection", "blocked-dependency"]),
        scope: Scope::Rule,
    },
    // A null or empty list of peers tells how the rule came to be for everyone.
    Precedence {
        winners: Rules::Are(&["deny-policy-allows-all", "empty-peer-list", "null-field"]),
        losers: Rules::Are(&["allow-all-overrides"]),
        scope: Scope::Rule,
    },
    // Both are about the rule for the API server's port that does not reach it.
    Precedence {
        winners: Rules::Are(&["selector-for-api-server"]),
        losers: Rules::Are(&["blocked-apiserver"]),
        scope: Scope::Direction,
    },
    // The port is listed twice because it should be another one.
    Precedence {
        winners: Rules::Are(&["port-protocol-mismatch"]),
        losers: Rules::Are(&["redundant-rule"]),
        scope: Scope::Port,
    },
    // One side names the pods and is the one to look at; the other pods are told of it too.
    Precedence {
        winners: Rules::Are(&["half-open-connection"]),
        losers: Rules::Are(&["blocked-dependency"]),
        scope: Scope::Evidence,
    },
    // The rule of the other side that comes nearest does not fit for a reason of its own. It is among
    // the evidence.
    Precedence {
        winners: Rules::Are(&[
            "contradictory-selector",
            "kustomize-rewrites-peer",
            "labels-on-workload-not-pod",
            "missing-namespace-selector",
            "namespace-label-by-name",
            "orphaned-*",
            "port-protocol-mismatch",
            "service-port-not-pod-port",
            "split-peer",
            "unknown-named-port",
            "volatile-label-selector",
        ]),
        losers: Rules::Are(&[
            "blocked-dependency",
            "blocked-scrape",
            "half-open-connection",
            "unreachable-service",
        ]),
        scope: Scope::Evidence,
    },
    // Of a value that no pod has, the more exact of two is told.
    Precedence {
        winners: Rules::Are(&["labels-on-workload-not-pod", "volatile-label-selector"]),
        losers: Rules::Are(&["partly-orphaned-selector"]),
        scope: Scope::Dependent,
    },
    // The other side denies it because its policy isolates ingress unintentionally. The connection
    // is reported on the side that allows it, with the denying policy as evidence.
    Precedence {
        winners: Rules::Are(&["implicit-ingress-isolation"]),
        losers: Rules::Are(&["half-open-connection"]),
        scope: Scope::PolicyOrEvidence,
    },
];

/// The rules about what `policyTypes` leaves out.
const POLICY_TYPES_RULES: [&str; 4] =
    ["ignored-rules", "implicit-ingress-isolation", "implicit-policy-types", "no-effect-egress"];

impl Rules {
    /// Whether `rule` is one of them.
    pub(super) fn contain(self, rule: &Rule) -> bool {
        let named = self.named().iter().any(|name| matches(name, rule.id));
        match self {
            Self::Are(_) => named,
            Self::AllBut(_) => !named && !matches!(rule.check, Check::Run),
        }
    }

    /// The ids in the entry.
    pub fn named(self) -> &'static [&'static str] {
        match self {
            Self::Are(ids) | Self::AllBut(ids) => ids,
        }
    }
}

fn matches(name: &str, id: &str) -> bool {
    match name.strip_suffix('*') {
        Some(start) => id.starts_with(start),
        None => id == name,
    }
}
