//! x
pub fn decode(head: crate::bundle::Head, tree: &crate::yaml::Node) -> super::Object { todo!() }
