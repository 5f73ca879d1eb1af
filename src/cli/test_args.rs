//! What `netpol-lint test` is told.

use std::path::PathBuf;

use clap::ValueHint;

use super::options::ContextArgs;
use super::values::{TestFailOn, TestFormat};

/// What `test` is told.
#[derive(Debug, clap::Args)]
pub(super) struct TestArgs {
    #[command(flatten)]
    pub(super) context: ContextArgs,

    /// Write today's connections as expectations instead [default: netpol-test.yaml at the root]
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        value_hint = ValueHint::FilePath
    )]
    pub(super) init: Option<Option<PathBuf>>,

    /// The mildest outcome that makes the exit code 1
    #[arg(long, value_enum, value_name = "OUTCOME", default_value_t = TestFailOn::Unknown)]
    pub(super) fail_on: TestFailOn,

    /// How the outcome is written to standard output
    #[arg(
        short = 'f',
        long,
        visible_alias = "format",
        value_enum,
        value_name = "FORMAT",
        default_value_t = TestFormat::Text,
        help_heading = "Output"
    )]
    pub(super) output_format: TestFormat,

    /// Print only what did not pass, no closing line
    #[arg(short, long, help_heading = "Output")]
    pub(super) quiet: bool,
}
