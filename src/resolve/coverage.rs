//! Compares selectors with selectors, to reason about pods that no manifest shows.

use std::collections::{HashMap, HashSet};

use super::tri::{Tri, Why};
use crate::model::{Operator, Requirement, Selector, is_placeholder};

/// Whether `wide` selects every pod that `narrow` can select: yes, none of them, or unknown. `None`
/// selects everything.
pub fn covers(wide: Option<&Selector>, narrow: Option<&Selector>) -> Tri {
    let Some(wide) = wide else { return Tri::Yes };
    if wide.is_refused() || narrow.is_some_and(Selector::is_refused) {
        return Tri::Unknown(Why::Refused);
    }
    let known = narrow.map_or(&[][..], |selector| &selector.requirements);
    let is_large = wide.requirements.len().min(known.len()) > 8;
    let by_key = is_large.then(|| by_key(known));
    Tri::all(wide.requirements.iter().map(|wanted| {
        let near = by_key.as_ref().map(|by_key| by_key.get(wanted.key.as_str()));
        let same_key: &mut dyn Iterator<Item = &Requirement> = match near {
            Some(list) => &mut list.into_iter().flatten().copied(),
            None => &mut known.iter().filter(|have| have.key == wanted.key),
        };
        let mut implied = Tri::Unknown(Why::SelectorOnly);
        for have in same_key {
            match implies(have, wanted) {
                Tri::Unknown(_) => {}
                decided => implied = decided,
            }
        }
        implied
    }))
}

fn by_key(requirements: &[Requirement]) -> HashMap<&str, Vec<&Requirement>> {
    let mut by_key: HashMap<&str, Vec<&Requirement>> = HashMap::new();
    for requirement in requirements {
        by_key.entry(&requirement.key).or_default().push(requirement);
    }
    by_key
}

/// Whether labels that meet `have` also meet `wanted`, for requirements on the same key: always,
/// never, or sometimes.
fn implies(have: &Requirement, wanted: &Requirement) -> Tri {
    let sometimes = Tri::Unknown(Why::SelectorOnly);
    if has_placeholder(have) || has_placeholder(wanted) {
        let same = have.operator == wanted.operator && values(have).eq(values(wanted));
        return if same { Tri::Yes } else { Tri::Unknown(Why::Placeholder) };
    }
    let within = |a: &Requirement, b: &Requirement| {
        let known = set(b);
        values(a).all(|value| known.contains(value))
    };
    let apart = |a: &Requirement, b: &Requirement| {
        let known = set(b);
        !values(a).any(|value| known.contains(value))
    };
    match (have.operator, wanted.operator) {
        (Operator::In, Operator::In) if within(have, wanted) => Tri::Yes,
        (Operator::In, Operator::In) if apart(have, wanted) => Tri::No,
        (Operator::In, Operator::NotIn) if apart(have, wanted) => Tri::Yes,
        (Operator::In, Operator::NotIn) if within(have, wanted) => Tri::No,
        (Operator::In | Operator::Exists, Operator::Exists) => Tri::Yes,
        (Operator::In | Operator::Exists, Operator::DoesNotExist) => Tri::No,
        (Operator::NotIn, Operator::NotIn) if within(wanted, have) => Tri::Yes,
        (Operator::NotIn, Operator::In) if within(wanted, have) => Tri::No,
        (Operator::DoesNotExist, Operator::DoesNotExist | Operator::NotIn) => Tri::Yes,
        (Operator::DoesNotExist, Operator::In | Operator::Exists) => Tri::No,
        _ => sometimes,
    }
}

fn values(requirement: &Requirement) -> impl Iterator<Item = &str> {
    requirement.values.iter().map(|(value, _)| value.as_str())
}

/// The values of a requirement, which may be very many.
fn set(requirement: &Requirement) -> Values<'_> {
    match requirement.values.len() {
        0..=8 => Values::Few(requirement),
        _ => Values::Many(values(requirement).collect()),
    }
}

enum Values<'a> {
    Few(&'a Requirement),
    Many(HashSet<&'a str>),
}

impl Values<'_> {
    fn contains(&self, value: &str) -> bool {
        match self {
            Self::Few(requirement) => values(requirement).any(|known| known == value),
            Self::Many(known) => known.contains(value),
        }
    }
}

fn has_placeholder(requirement: &Requirement) -> bool {
    values(requirement).any(is_placeholder)
}
