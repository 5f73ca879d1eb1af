//! Selectors against selectors: reasoning about pods that no manifest shows.

use super::tri::{Tri, Why};
use crate::model::{Operator, Requirement, Selector, is_placeholder};

/// Whether `wide` selects every pod that `narrow` can select: yes, no pod of them at all, or not
/// for sure. An absent selector (none) selects everything.
pub fn covers(wide: Option<&Selector>, narrow: Option<&Selector>) -> Tri {
    let Some(wide) = wide else { return Tri::Yes };
    if wide.is_refused() || narrow.is_some_and(Selector::is_refused) {
        return Tri::Unknown(Why::Refused);
    }
    let known = narrow.map_or(&[][..], |selector| &selector.requirements);
    Tri::all(wide.requirements.iter().map(|wanted| {
        let same_key = known.iter().filter(|have| have.key == wanted.key);
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

/// Whether what meets `have` also meets `wanted`, for requirements on the same key: always,
/// never, or sometimes.
fn implies(have: &Requirement, wanted: &Requirement) -> Tri {
    let sometimes = Tri::Unknown(Why::SelectorOnly);
    if has_placeholder(have) || has_placeholder(wanted) {
        let same = have.operator == wanted.operator && values(have).eq(values(wanted));
        return if same { Tri::Yes } else { Tri::Unknown(Why::Placeholder) };
    }
    let within = |a: &Requirement, b: &Requirement| values(a).all(|v| values(b).any(|w| w == v));
    let apart = |a: &Requirement, b: &Requirement| !values(a).any(|v| values(b).any(|w| w == v));
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

fn has_placeholder(requirement: &Requirement) -> bool {
    values(requirement).any(is_placeholder)
}
