//! Compares conditions with conditions: whether one holds of all that the other holds of, whatever
//! runs in the cluster.

use super::super::Context;
use super::conditions::by_name;
use crate::model::tiered::{Ends, Expr, LabelOf, NAMESPACE_NAME, NetTerm, PodTerm, Scope};
use crate::model::{Operator, Requirement, Selector};
use crate::resolve::{Asker, covers};

/// Whether `wide` holds of everyone of whom `narrow` holds, each of the policy that asks.
pub(in crate::lint) fn ends_cover(
    cx: &Context<'_>,
    (wide, of_wide): (&Ends, Asker),
    (narrow, of_narrow): (&Ends, Asker),
) -> bool {
    let compare = |wide: &Ends, narrow: &Ends| ends_cover(cx, (wide, of_wide), (narrow, of_narrow));
    match (wide, narrow) {
        (Ends::Everyone, _) => true,
        (wide, Ends::Any(list)) => !list.is_empty() && list.iter().all(|one| compare(wide, one)),
        (Ends::All(list), narrow) => list.iter().all(|one| compare(one, narrow)),
        (Ends::Any(list), narrow) => list.iter().any(|one| compare(one, narrow)),
        (wide, Ends::All(list)) => list.iter().any(|one| compare(wide, one)),
        (Ends::Pods(wide), Ends::Pods(narrow)) => {
            term_covers(cx, (wide, of_wide), (narrow, of_narrow))
        }
        (Ends::Net(wide), Ends::Net(narrow)) => net_covers(wide, narrow),
        (Ends::Family { v6 }, Ends::Family { v6: other }) => v6 == other,
        (Ends::Family { v6 }, Ends::Net(net)) => *v6 == net.cidr.addr().is_ipv6(),
        _ => false,
    }
}

/// The same of selectors for pods.
pub(in crate::lint) fn term_covers(
    cx: &Context<'_>,
    (wide, of_wide): (&PodTerm, Asker),
    (narrow, of_narrow): (&PodTerm, Asker),
) -> bool {
    if wide.scope == Scope::Global || narrow.scope == Scope::Global {
        return wide.scope == narrow.scope && implied(&wide.labels, &known(cx, narrow, of_narrow));
    }
    let known = known(cx, narrow, of_narrow);
    known.iter().all(|one| !matches!(one, Expr::Never | Expr::Unknown))
        && scope(cx, wide, of_wide).is_none_or(|scope| implied(&scope, &known))
        && implied(&wide.labels, &known)
}

/// What holds of everything that a selector matches.
fn known(cx: &Context<'_>, term: &PodTerm, asker: Asker) -> Vec<Expr> {
    let scope = scope(cx, term, asker);
    let all = term.labels.conjuncts().iter().chain(scope.iter().flat_map(Expr::conjuncts));
    all.cloned().collect()
}

/// Where a selector looks, as a condition.
fn scope(cx: &Context<'_>, term: &PodTerm, asker: Asker) -> Option<Expr> {
    match &term.scope {
        Scope::Everywhere | Scope::Global => None,
        Scope::Where(labels, _) => Some(labels.clone()),
        Scope::Own => {
            let name = &cx.cluster.namespace(asker.home).name;
            Some(Expr::equals(LabelOf::Namespace, NAMESPACE_NAME, name, term.place.key))
        }
    }
}

/// Whether a condition holds wherever all that is known holds.
fn implied(wanted: &Expr, known: &[Expr]) -> bool {
    match wanted {
        Expr::Always => true,
        Expr::All(list) => list.iter().all(|one| implied(one, known)),
        Expr::Any(list) => list.iter().any(|one| implied(one, known)),
        Expr::Is(whose, requirement) => {
            let same = known.iter().filter_map(|one| match one {
                Expr::Is(of, have) if of == whose => Some(by_name(have)),
                _ => None,
            });
            let wanted = by_name(requirement);
            let have: Vec<Requirement> = same.filter(|have| have.key == wanted.key).collect();
            // Whatever has a label of a namespace is in one.
            let is_somewhere = *whose == LabelOf::Namespace
                && wanted.key == NAMESPACE_NAME
                && wanted.operator == Operator::Exists
                && known.iter().any(is_in_namespace);
            let selector = |requirements| Selector { requirements, faults: Vec::new() };
            is_somewhere || covers(Some(&selector(vec![wanted])), Some(&selector(have))).is_yes()
        }
        Expr::Never | Expr::Unknown | Expr::Text(..) | Expr::Not(_) => false,
    }
}

fn is_in_namespace(known: &Expr) -> bool {
    matches!(known, Expr::Is(LabelOf::Namespace, requirement)
        if matches!(requirement.operator, Operator::In | Operator::Exists))
}

fn net_covers(wide: &NetTerm, narrow: &NetTerm) -> bool {
    let is_left_out = |hole: &ipnet::IpNet| {
        let is_apart = !hole.contains(&narrow.cidr) && !narrow.cidr.contains(hole);
        is_apart || narrow.except.iter().any(|other| other.contains(hole))
    };
    wide.cidr.contains(&narrow.cidr) && wide.except.iter().all(is_left_out)
}
