//! Values that a chart leaves empty for its users to fill in.

use compact_str::CompactString;

use super::field::Field;
use super::selector::Selector;
use super::{Body, Direction, Object};

/// Replaces a value that is not set yet: a placeholder like any other.
const UNSET: CompactString = CompactString::const_new("<not set>");

/// Turns the empty label values of a rendered object into placeholders: with the chart's default
/// values (`app: {{ .Values.app }}`) no pods are selected yet, and certainly not pods with an empty
/// label.
pub(super) fn make_placeholders(object: &mut Object) {
    match &mut object.body {
        Body::Policy(policy) => {
            fill(&mut policy.pod_selector);
            for direction in Direction::BOTH {
                let rules = match direction {
                    Direction::Ingress => &mut policy.ingress,
                    Direction::Egress => &mut policy.egress,
                };
                let Field::Given(rules, _) = rules else { continue };
                for rule in rules {
                    let Field::Given(peers, _) = &mut rule.peers else { continue };
                    for peer in peers {
                        fill(&mut peer.pod_selector);
                        fill(&mut peer.namespace_selector);
                    }
                }
            }
        }
        Body::Workloads(workloads) => {
            let labels = workloads.iter_mut().flat_map(|workload| &mut workload.labels);
            labels.filter(|label| label.value.is_empty()).for_each(|label| label.value = UNSET);
        }
        _ => {}
    }
}

fn fill(selector: &mut Field<Selector>) {
    let Field::Given(selector, _) = selector else { return };
    // Null is read as the empty value, which is not worth reporting here.
    selector.faults.retain(|fault| !fault.accepted);
    let values = selector.requirements.iter_mut().flat_map(|it| &mut it.values);
    values.filter(|(value, _)| value.is_empty()).for_each(|(value, _)| *value = UNSET);
}
