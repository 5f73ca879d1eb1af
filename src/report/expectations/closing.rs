//! The closing line of `netpol-lint test`.

use crate::expect::{Outcome, Tested};

/// `4 passed, 1 failed, 0 unknown`; what can't be judged is named where there is any.
pub fn counts(tested: &Tested) -> String {
    let count = |outcome| tested.count(outcome);
    let invalid = match count(Outcome::Invalid) {
        0 => String::new(),
        number => format!(", {number} invalid"),
    };
    format!(
        "{} passed, {} failed, {} unknown{invalid}",
        count(Outcome::Passed),
        count(Outcome::Failed),
        count(Outcome::Unknown),
    )
}
