//! What became of expectations: one file per format that findings do not have alike.

pub mod closing;
pub mod json;
pub mod junit;

use crate::expect::TestResult;
use crate::text::visible;

/// `allow frontend => backend-api : TCP 80`.
fn name(result: &TestResult) -> String {
    let Some(expected) = result.expected else { return "expectation".to_owned() };
    let (from, to) = (result.from.join(", "), result.to.join(", "));
    let ports = match result.ports.as_str() {
        "" => String::new(),
        ports => format!(" : {ports}"),
    };
    visible(&format!("{} {from} => {to}{ports}", expected.word())).into_owned()
}
