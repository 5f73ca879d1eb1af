//! The tiers that decide the connections of some pods in one direction: admin policies, then
//! Kubernetes' own with the plugin's, then baseline policies; or Calico's tiers by their order.
//!
//! Within a tier rules are asked in an order, the first that matches decides. Policies whose order
//! nobody defines are asked side by side: what they disagree on is unknown.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::lower;
use crate::model::cilium::Enforcement;
use crate::model::tiered::{Action, Closes, Effect, Evaluator, PolicyKind, Rank, TieredRule};
use crate::model::{At, Direction, PolicyId, Spot};
use crate::resolve::{Asker, Cluster, Plugin, SpecId, Subject, Tri, Why, WorkloadId, World};

/// What decides for some pods.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// The tiers, the first first.
    pub tiers: Vec<Tier>,
    /// The policies that close the direction, or may.
    pub isolating: Vec<PolicyId>,
}

/// Policies that are asked together.
#[derive(Clone, Debug)]
pub struct Tier {
    /// What is asked one after the other. Lists of one batch have no order among each other.
    pub batches: Vec<Vec<Vec<Statement>>>,
    /// Whether what they do not decide is denied.
    pub closed: Tri,
    /// Whether traffic from the pod's own node is let in before that.
    pub lets_node_in: bool,
}

/// One rule, as it is asked.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Where it is written.
    pub at: At,
    /// Whose it is.
    pub asker: Asker,
    /// Whether its policy selects the pods, and it is in force.
    pub applies: Tri,
    rules: Arc<Vec<TieredRule>>,
    position: usize,
}

impl Tier {
    /// Nobody knows whether it is enforced, or whether it closes what no policy selects.
    fn become_unsure(&mut self) {
        self.closed = Tri::Unknown(Why::Cluster);
        for statement in self.batches.iter_mut().flatten().flatten() {
            statement.applies = statement.applies.at_most_unknown(Why::Cluster);
        }
    }
}

impl Selecting {
    /// What selects a workload.
    pub fn of(cluster: &Cluster, workload: WorkloadId) -> Self {
        let policies = policies_selecting(cluster, workload);
        Self { policies, specs: cluster.specs_selecting(workload) }
    }
}

/// The NetworkPolicies that select a workload, surely or perhaps, in the order of their places.
pub(super) fn policies_selecting(cluster: &Cluster, workload: WorkloadId) -> Vec<(PolicyId, Tri)> {
    let subject = Subject::Workload(workload);
    let policies = super::policies_of(cluster, subject).into_iter();
    let policies = policies.map(|id| (id, cluster.policy_selects(id, subject)));
    policies.filter(|(_, selects)| !selects.is_no()).collect()
}

impl Stack {
    /// All rules, in the order in which they are asked.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.tiers.iter().flat_map(|tier| &tier.batches).flatten().flatten()
    }

    /// Whether what no rule decides is surely denied.
    pub fn closes_surely(&self) -> bool {
        self.tiers.iter().any(|tier| tier.closed.is_yes())
    }
}

impl Statement {
    /// The rule.
    pub fn rule(&self) -> &TieredRule {
        &self.rules[self.position]
    }

    /// What it does.
    pub fn action(&self) -> Action {
        self.rule().action
    }
}

/// The policies that select some pods, surely or perhaps.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Selecting {
    /// NetworkPolicies.
    pub policies: Vec<(PolicyId, Tri)>,
    /// Specs of policies of other kinds.
    pub specs: Vec<(SpecId, Tri)>,
}

/// Builds stacks. What a policy says is put into one shape once.
pub struct Stacks<'a> {
    cluster: &'a Cluster,
    direction: Direction,
    known: RefCell<HashMap<SpecId, Arc<Vec<TieredRule>>>>,
}

/// A policy in a tier: how it sorts, and what it says.
struct Placed {
    order: f64,
    name: String,
    statements: Vec<Statement>,
}

impl<'a> Stacks<'a> {
    /// Of a direction.
    pub fn new(cluster: &'a Cluster, direction: Direction) -> Self {
        Self { cluster, direction, known: RefCell::default() }
    }

    /// The direction.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// The stack of pods that those policies select.
    pub fn of(&self, selecting: &Selecting) -> Stack {
        match self.cluster.plugin {
            Some(Plugin::Calico) => self.of_calico(selecting),
            _ => self.of_others(selecting),
        }
    }

    /// Admin tier; Kubernetes' own policies and Cilium's; baseline tier.
    fn of_others(&self, selecting: &Selecting) -> Stack {
        let mut stack = Stack::default();
        stack.tiers.push(self.ranked(selecting, true));
        let settings = self.cluster.cilium();
        let is_cilium = self.cluster.plugin == Some(Plugin::Cilium);
        if !is_cilium || settings.enforcement != Enforcement::Never {
            let mut middle = self.union(selecting, &mut stack.isolating);
            match settings.enforcement {
                Enforcement::Always if is_cilium => middle.closed = Tri::Yes,
                Enforcement::Unknown if is_cilium => middle.become_unsure(),
                _ => {}
            }
            stack.tiers.push(middle);
        }
        stack.tiers.push(self.ranked(selecting, false));
        stack
    }

    /// NetworkPolicies and Cilium's policies: any deny wins, one allow is enough.
    fn union(&self, selecting: &Selecting, isolating: &mut Vec<PolicyId>) -> Tier {
        let mut statements = Vec::new();
        let mut closed = Tri::No;
        for &(policy, selects) in &selecting.policies {
            let closes = lower::closes(self.cluster.policy(policy), self.direction);
            closed = closed | self.close(closes, selects, policy, isolating);
            statements.extend(self.statements_of(policy, selects));
        }
        for &(id, selects) in &selecting.specs {
            let Some(of) = self.cluster.tiered_policy(id.policy) else { continue };
            if of.kind.evaluator() != Evaluator::Cilium {
                continue;
            }
            let Some(selects) = self.unless_refused(id, selects) else { continue };
            let closes = match self.cluster.spec_closes(id, self.direction) {
                // With that switch off every policy has default deny.
                Closes::No if !self.cluster.cilium().non_default_deny => {
                    let mut rules = of.rules_of(id.spec, self.direction);
                    if rules.next().is_some() { Closes::Yes } else { Closes::No }
                }
                closes => closes,
            };
            closed = closed | self.close(closes, selects, id.policy, isolating);
            statements.extend(self.statements(id, selects));
        }
        let (denies, allows): (Vec<_>, Vec<_>) =
            statements.into_iter().partition(|statement| statement.action() == Action::Deny);
        let batches = vec![vec![denies], vec![allows]];
        Tier { batches, closed, lets_node_in: self.direction == Direction::Ingress }
    }

    fn close(
        &self,
        closes: Closes,
        selects: Tri,
        policy: PolicyId,
        isolating: &mut Vec<PolicyId>,
    ) -> Tri {
        let closed = match closes {
            Closes::No => return Tri::No,
            Closes::Yes => selects,
            Closes::Unknown => selects.at_most_unknown(Why::Refused),
        };
        isolating.push(policy);
        closed
    }

    /// The admin tier, or the baseline tier: policies by priority. Which of the two versions of the
    /// API comes first is not defined.
    fn ranked(&self, selecting: &Selecting, is_admin: bool) -> Tier {
        let mut versions: [Vec<Placed>; 2] = [Vec::new(), Vec::new()];
        for &(id, selects) in &selecting.specs {
            let Some(of) = self.cluster.tiered_policy(id.policy) else { continue };
            let priority = match of.rank {
                Rank::Admin { priority } if is_admin => priority,
                Rank::Baseline { priority } if !is_admin => priority,
                _ => continue,
            };
            let Some(selects) = self.unless_refused(id, selects) else { continue };
            let statements = self.statements(id, selects);
            let version = usize::from(of.kind == PolicyKind::ClusterNetworkPolicy);
            let order = priority.map_or(0.0, f64::from);
            versions[version].push(Placed { order, name: String::new(), statements });
        }
        let [old, new] = versions.map(in_batches);
        let batches = match (old.is_empty(), new.is_empty()) {
            (false, false) => vec![old.into_iter().chain(new).flatten().collect()],
            (true, _) => new,
            (_, true) => old,
        };
        Tier { batches, closed: Tri::No, lets_node_in: false }
    }

    /// Calico's tiers by their orders, with Kubernetes' own policies at order 1000 of the default
    /// one (libcalico-go/lib/backend/k8s/conversion).
    fn of_calico(&self, selecting: &Selecting) -> Stack {
        const KUBERNETES: f64 = 1000.0;
        let mut stack = Stack::default();
        let mut tiers: HashMap<String, (Tri, Vec<Placed>)> = HashMap::new();
        for &(policy, selects) in &selecting.policies {
            let (closed, placed) =
                tiers.entry("default".to_owned()).or_insert((Tri::No, Vec::new()));
            let closes = lower::closes(self.cluster.policy(policy), self.direction);
            *closed = *closed | self.close(closes, selects, policy, &mut stack.isolating);
            let name = format!("knp.default.{}", self.cluster.head(policy).name);
            let statements = self.statements_of(policy, selects);
            placed.push(Placed { order: KUBERNETES, name, statements });
        }
        let mut unplaced = Vec::new();
        for &(id, selects) in &selecting.specs {
            let Some(of) = self.cluster.tiered_policy(id.policy) else { continue };
            let Some(selects) = self.unless_refused(id, selects) else { continue };
            let (tier, order) = match &of.rank {
                Rank::Admin { priority } => ("kube-admin", priority.map(f64::from)),
                Rank::Baseline { priority } => ("kube-baseline", priority.map(f64::from)),
                Rank::Tiered { tier, order } => (tier.as_str(), *order),
                Rank::Beside | Rank::Nowhere => continue,
            };
            let statements = self.statements(id, selects);
            if self.cluster.tier_order(tier).is_none() {
                unplaced.extend(statements);
                continue;
            }
            let (closed, placed) = tiers.entry(tier.to_owned()).or_insert((Tri::No, Vec::new()));
            let closes = self.cluster.spec_closes(id, self.direction);
            *closed = *closed | self.close(closes, selects, id.policy, &mut stack.isolating);
            let head = self.cluster.head(id.policy);
            let namespace = head.namespace.as_deref().unwrap_or_default();
            let name = format!("{}\u{1}{namespace}\u{1}{}", head.name, head.kind);
            placed.push(Placed { order: order.unwrap_or(f64::INFINITY), name, statements });
        }
        let mut tiers: Vec<(f64, String, Tri, Vec<Placed>)> = tiers
            .into_iter()
            .filter_map(|(name, (closed, placed))| {
                let of = self.cluster.tier_order(&name)?;
                let closed = if of.passes { Tri::No } else { closed };
                Some((of.order.unwrap_or(f64::INFINITY), name, closed, placed))
            })
            .collect();
        tiers.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
        if self.direction == Direction::Ingress {
            // Traffic from the pod's own node is not policed (felix/rules/static.go).
            let batches = Vec::new();
            stack.tiers.push(Tier { batches, closed: Tri::No, lets_node_in: true });
        }
        if !unplaced.is_empty() {
            // A tier that nothing shows may come anywhere, and may deny what it does not decide.
            for statement in &mut unplaced {
                statement.applies = statement.applies.at_most_unknown(Why::Cluster);
            }
            let closed = Tri::Unknown(Why::Cluster);
            let batches = vec![vec![unplaced]];
            stack.tiers.push(Tier { batches, closed, lets_node_in: false });
        }
        for (.., closed, mut placed) in tiers {
            placed.sort_by(|a, b| a.order.total_cmp(&b.order).then_with(|| a.name.cmp(&b.name)));
            let list = placed.into_iter().flat_map(|one| one.statements).collect();
            stack.tiers.push(Tier { batches: vec![vec![list]], closed, lets_node_in: false });
        }
        stack
    }

    /// Whether a spec selects pods, as far as its policy is enforced. The agents of Cilium and Calico
    /// enforce nothing of a policy that they refuse any part of; nobody knows when linting what
    /// comes of one that will be fixed. Of admin policies only the refused part is unknown.
    fn unless_refused(&self, id: SpecId, selects: Tri) -> Option<Tri> {
        let policy = self.cluster.tiered_policy(id.policy)?;
        let is_whole = policy.kind.evaluator() != Evaluator::NetworkPolicyApi;
        match (self.cluster.rejects(policy) && is_whole, self.cluster.world) {
            (false, _) => Some(selects),
            (true, World::Closed) => None,
            (true, World::Open) => Some(selects.at_most_unknown(Why::Refused)),
        }
    }

    fn statements_of(&self, policy: PolicyId, selects: Tri) -> Vec<Statement> {
        let id = SpecId { policy, spec: 0 };
        let mut known = self.known.borrow_mut();
        let rules = known
            .entry(id)
            .or_insert_with(|| Arc::new(lower::rules(self.cluster.policy(policy), self.direction)));
        let asker = self.cluster.asker(policy);
        let at = |position: usize| At { policy, spot: Spot::Rule(self.direction, position as u32) };
        (0..rules.len())
            .map(|position| Statement {
                at: at(position),
                asker,
                applies: in_force(&rules[position], selects),
                rules: Arc::clone(rules),
                position,
            })
            .collect()
    }

    fn statements(&self, id: SpecId, selects: Tri) -> Vec<Statement> {
        let Some(policy) = self.cluster.tiered_policy(id.policy) else {
            return Vec::new();
        };
        let rules = &policy.rules;
        let asker = self.cluster.asker(id.policy);
        policy
            .rules_of(id.spec, self.direction)
            .filter(|(_, rule)| rule.action != Action::Log)
            .map(|(number, rule)| Statement {
                at: At { policy: id.policy, spot: Spot::Statement(number) },
                asker,
                applies: in_force(rule, selects),
                rules: Arc::clone(rules),
                position: number as usize,
            })
            .collect()
    }
}

fn in_force(rule: &TieredRule, selects: Tri) -> Tri {
    match rule.effect {
        Effect::Sure => selects,
        Effect::Unknown => selects.at_most_unknown(Why::Refused),
        Effect::Never => Tri::No,
    }
}

/// Policies by priority; those of one priority have no order.
fn in_batches(mut placed: Vec<Placed>) -> Vec<Vec<Vec<Statement>>> {
    placed.sort_by(|a, b| a.order.total_cmp(&b.order));
    let mut batches: Vec<(f64, Vec<Vec<Statement>>)> = Vec::new();
    for one in placed {
        match batches.last_mut() {
            Some((order, batch)) if *order == one.order => batch.push(one.statements),
            _ => batches.push((one.order, vec![one.statements])),
        }
    }
    batches.into_iter().map(|(_, batch)| batch).collect()
}
