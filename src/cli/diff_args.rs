//! What `netpol-lint diff` is told.

use super::options::{ConfigArgs, FileArgs};
use super::values::{DiffFailOn, DiffFormat};

/// What `diff` is told.
#[derive(Debug, clap::Args)]
pub(super) struct DiffArgs {
    /// The earlier state: a git revision, or a directory
    ///
    /// A revision is read from git's object database; neither git nor its hooks run, and the
    /// working tree stays as it is. A directory that has the name of a revision is written `./main`.
    #[arg(value_name = "BASE")]
    pub(super) base: String,

    /// The later state [default: the working tree]
    #[arg(value_name = "HEAD")]
    pub(super) head: Option<String>,

    #[command(flatten)]
    pub(super) context: Box<ContextOfBoth>,

    /// What makes the exit code 1
    #[arg(long, value_enum, value_name = "CHANGE", default_value_t = DiffFailOn::Never)]
    pub(super) fail_on: DiffFailOn,

    /// How the difference is written to standard output
    #[arg(
        short = 'f',
        long,
        visible_alias = "format",
        value_enum,
        value_name = "FORMAT",
        default_value_t = DiffFormat::Text,
        help_heading = "Output"
    )]
    pub(super) output_format: DiffFormat,
}

/// How both states are read.
#[derive(Debug, clap::Args)]
pub(super) struct ContextOfBoth {
    #[command(flatten)]
    pub(super) files: FileArgs,

    #[command(flatten)]
    pub(super) config: ConfigArgs,
}
