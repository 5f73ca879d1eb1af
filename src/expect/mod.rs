//! Expectations: which connections people want allowed or denied, written in YAML beside the
//! manifests, and whether the policies keep to them. Three values here too: an expectation that
//! depends on what the repository does not show is neither kept nor broken.

mod end;
mod explain;
mod judge;
mod read;
mod result;
mod write;

pub use end::{Named, display_name};
pub use explain::Evidence;
pub use judge::{Judge, Outcome, Verdict};
pub use read::{Expectation, Expectations, Expected, Fault, read};
pub use result::{TestResult, Tested};
pub use write::write;
