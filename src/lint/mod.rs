//! The rules: each asks the cluster and reports findings. One file per rule; a rule never derives
//! Kubernetes' semantics anew, it asks [`crate::resolve`] and [`crate::reach`].

mod finding;
mod registry;

pub use finding::{Confidence, Edit, Finding, Fix, Related, Safety, Severity, Subject};
pub use registry::{RULES, rule};

use crate::resolve::Cluster;

/// A rule: its metadata, its page, and its check.
#[derive(Debug)]
pub struct Rule {
    /// Its id, which users write in suppressions: final.
    pub id: &'static str,
    /// How bad its findings are, unless a finding says otherwise.
    pub severity: Severity,
    /// The highest confidence its findings can have.
    pub confidence: Confidence,
    /// Only on with `--pedantic`, or when selected by name.
    pub pedantic: bool,
    /// Its page, `rules/<id>.md`.
    pub page: &'static str,
    /// How it looks.
    pub check: Check,
}

/// How a rule looks at a cluster.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Once for each policy that is to be reported on; policies are checked in parallel.
    Policy(fn(&Context<'_>, u32, &mut Vec<Finding>)),
    /// Once for the cluster, when the findings of several policies have one cause.
    Cluster(fn(&Context<'_>, &mut Vec<Finding>)),
    /// About the run itself: its findings are made where files are read or settled.
    Run,
}

/// What a rule may ask.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The cluster, resolved.
    pub cluster: &'a Cluster,
}

impl Rule {
    /// The one-sentence summary of its page: the first paragraph after the title.
    pub fn summary(&self) -> &'static str {
        self.page.split("\n\n").nth(1).unwrap_or("").trim()
    }

    /// Where its page can be read.
    pub fn url(&self) -> String {
        format!("{PAGES}/{}.md", self.id)
    }
}

/// Where the rules' pages are published.
const PAGES: &str = "https://github.com/netpol-lint/netpol-lint/blob/main/rules";
