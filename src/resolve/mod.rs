//! Objects to a cluster: which pods a selector selects, in three values.
pub struct Cluster;
/// Where a cluster's DNS lives.
#[derive(Clone, Copy, Debug)]
pub enum Profile { Kubernetes }
