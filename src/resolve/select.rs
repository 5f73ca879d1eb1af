//! Matches one selector with one set of labels.

use super::tri::{Tri, Why};
use crate::model::{Operator, Requirement, Selector, is_placeholder};

/// The known labels of a pod or a namespace.
pub trait Labelled {
    /// The value of a label that is certainly present.
    fn value(&self, key: &str) -> Option<&str>;

    /// Why a label may be present although [`Labelled::value`] is `None`; `None` if it is certainly
    /// absent.
    fn may_have(&self, key: &str) -> Option<Why>;

    /// Whether a label that [`Labelled::may_have`] allows can't have that value.
    fn never(&self, _key: &str, _value: &str) -> bool {
        false
    }
}

/// Whether `selector` matches those labels. All requirements are ANDed; what an invalid selector
/// matches is unknown.
pub fn selects(selector: &Selector, labels: &impl Labelled) -> Tri {
    if selector.is_refused() {
        return Tri::Unknown(Why::Refused);
    }
    Tri::all(selector.requirements.iter().map(|requirement| meets(requirement, labels)))
}

/// Whether those labels meet one requirement. `NotIn` is also true if the key is absent
/// (k8s.io/apimachinery pkg/labels/selector.go, `Requirement.Matches`).
pub fn meets(requirement: &Requirement, labels: &impl Labelled) -> Tri {
    if is_placeholder(&requirement.key) {
        return Tri::Unknown(Why::Placeholder);
    }
    let key = requirement.key.as_str();
    let Some(value) = labels.value(key) else {
        let is_in = requirement.operator == Operator::In;
        return match labels.may_have(key) {
            Some(_) if is_in && requirement.values.iter().all(|(v, _)| labels.never(key, v)) => {
                Tri::No
            }
            Some(why) => Tri::Unknown(why),
            None => matches!(requirement.operator, Operator::NotIn | Operator::DoesNotExist).into(),
        };
    };
    match requirement.operator {
        Operator::Exists => Tri::Yes,
        Operator::DoesNotExist => Tri::No,
        Operator::In => is_among(requirement, value),
        Operator::NotIn => !is_among(requirement, value),
    }
}

fn is_among(requirement: &Requirement, value: &str) -> Tri {
    if requirement.values.iter().any(|(wanted, _)| wanted == value) {
        // The same placeholder on both sides gets the same value.
        return Tri::Yes;
    }
    let unsure = is_placeholder(value) || requirement.values.iter().any(|(v, _)| is_placeholder(v));
    if unsure { Tri::Unknown(Why::Placeholder) } else { Tri::No }
}

/// The labels of a workload's pods.
impl Labelled for crate::model::Workload {
    fn value(&self, key: &str) -> Option<&str> {
        self.label(key).map(|label| label.value.as_str()).or_else(|| self.job_label(key))
    }

    fn may_have(&self, key: &str) -> Option<Why> {
        if self.may_get_label(key) {
            return Some(Why::ControllerLabel);
        }
        self.labels_unsure.then_some(Why::LabelsNotShown)
    }

    fn never(&self, key: &str, value: &str) -> bool {
        self.never_job_named(key, value)
    }
}
