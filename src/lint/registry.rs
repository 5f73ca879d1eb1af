//! Every rule.
use super::Rule;
/// Every rule, by id.
pub static RULES: &[&Rule] = &[];
/// The rule of that id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}
