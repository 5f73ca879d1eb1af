//! The values of options.

use clap::ValueEnum;

/// Values of `--color`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless the environment says otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Values of `--helm`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Render {
    /// Render them
    Auto,
    /// Skip charts
    Never,
    /// The same as auto
    Require,
}

/// A severity.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Level {
    /// Wrong: traffic is lost or allowed, or the API server rejects the manifest
    Error,
    /// Probably not what was meant
    Warning,
    /// Worth knowing
    Note,
}

/// A confidence.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Sureness {
    /// The repository proves it
    High,
    /// Likely
    Medium,
    /// A guess
    Low,
}

/// Values of `--fail-on`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FailOn {
    /// Errors only
    Error,
    /// Warnings and errors
    Warning,
    /// Any finding shown
    Note,
    /// No finding
    Never,
}

/// Values of `--output-format` where there are no findings to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TextOrJson {
    /// For people
    Text,
    /// One document, for programs
    Json,
}

/// Values of `reach --output-format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormat {
    /// One line per connection
    Text,
    /// One document, for programs
    Json,
    /// Comma-separated values
    Csv,
    /// Tables in Markdown
    #[value(alias = "markdown")]
    Md,
    /// For Graphviz
    Dot,
    /// A flowchart that GitHub and GitLab draw
    Mermaid,
}
