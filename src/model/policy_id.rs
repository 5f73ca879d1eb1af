//! The number of a policy.

use crate::bundle::ObjectId;

/// A policy of any kind that decides about connections, by its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyId(ObjectId);

impl PolicyId {
    /// The policy that is that object: the caller knows that it is one.
    pub fn of(object: ObjectId) -> Self {
        Self(object)
    }

    /// Its object.
    pub fn object(self) -> ObjectId {
        self.0
    }
}

impl From<PolicyId> for ObjectId {
    fn from(id: PolicyId) -> Self {
        id.0
    }
}
