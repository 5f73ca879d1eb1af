//! The number of an object.

crate::ids::id! {
    /// An object of the repository, by its position in the order of places in the sources.
    ObjectId
}
