//! What the tiers make of traffic with one other end.

use super::stack::{Stack, Statement, Tier};
use super::traffic::{Fate, Matched, Traffic};
use crate::model::At;
use crate::model::tiered::Action;
use crate::resolve::Tri;

/// What becomes of traffic, and which rules decide it.
#[derive(Clone, Debug, Default)]
pub struct Weighed {
    /// What is allowed.
    pub allowed: Matched,
    /// The rules that allow some of it, or may.
    pub by: Vec<At>,
    /// The rules that deny some of it, or may.
    pub denied_by: Vec<At>,
}

impl Stack {
    /// Asks all tiers. `matches` says what a statement matches, as if its policy selected the pods;
    /// `own_node` whether the other end is the pods' own node.
    pub fn weigh(&self, own_node: Tri, matches: &dyn Fn(&Statement) -> Matched) -> Weighed {
        let mut weighed = Weighed::default();
        let mut fate = Fate::undecided(Traffic::all());
        for tier in &self.tiers {
            tier.weigh(&mut fate, own_node, matches, &mut weighed);
            if fate.open.is_empty() {
                break;
            }
        }
        weighed.allowed = fate.outcome();
        for list in [&mut weighed.by, &mut weighed.denied_by] {
            list.sort_unstable();
            list.dedup();
        }
        weighed
    }
}

impl Tier {
    fn weigh(
        &self,
        fate: &mut Fate,
        own_node: Tri,
        matches: &dyn Fn(&Statement) -> Matched,
        weighed: &mut Weighed,
    ) {
        for batch in &self.batches {
            if fate.open.is_empty() {
                break;
            }
            let start = fate.open.clone();
            let mut left = start.clone();
            for list in batch {
                let mut one = Fate::undecided(start.clone());
                for statement in list {
                    one.ask(statement, matches, weighed);
                }
                fate.allowed = &fate.allowed | &one.allowed;
                fate.denied = &fate.denied | &one.denied;
                fate.passed = &fate.passed | &one.passed;
                left = &left & &one.open;
            }
            fate.open = left;
        }
        if self.lets_node_in && !own_node.is_no() {
            fate.allowed = &fate.allowed | &fate.open;
            if own_node.is_yes() {
                fate.open = Traffic::default();
            }
        }
        let undecided = std::mem::take(&mut fate.open);
        if !self.closed.is_no() {
            fate.denied = &fate.denied | &undecided;
        }
        let passed = std::mem::take(&mut fate.passed);
        fate.open = match self.closed {
            Tri::Yes => passed,
            _ => &passed | &undecided,
        };
    }
}

impl Fate {
    /// Asks one rule.
    fn ask(
        &mut self,
        statement: &Statement,
        matches: &dyn Fn(&Statement) -> Matched,
        weighed: &mut Weighed,
    ) {
        if statement.applies.is_no() || self.open.is_empty() {
            return;
        }
        let matched = matches(statement).if_so(statement.applies);
        let met = &self.open & &matched.possible;
        if met.is_empty() {
            return;
        }
        self.open = self.open.without(&matched.sure);
        match statement.action() {
            Action::Allow => {
                self.allowed = &self.allowed | &met;
                weighed.by.push(statement.at);
            }
            Action::Deny => {
                self.denied = &self.denied | &met;
                weighed.denied_by.push(statement.at);
            }
            Action::Pass => self.passed = &self.passed | &met,
            Action::Log => {}
        }
    }
}
