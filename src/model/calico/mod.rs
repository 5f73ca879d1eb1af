//! stub
use super::tiered::{PolicyKind, TieredPolicy};
use crate::bundle::Head;
use crate::yaml::Node;
/// stub
pub fn decode(_: &Head, _: PolicyKind, _: &Node) -> TieredPolicy {
    unimplemented!()
}
