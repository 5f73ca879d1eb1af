//! Colors and hyperlinks, if the look enables them.

use super::Look;
use crate::lint::{Finding, Severity};

/// The role of a piece of text, which decides its color.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// An error, a warning or a note.
    Severity(Severity),
    /// The most important words.
    Strong,
    /// Less important words.
    #[cfg(feature = "cli")]
    Faint,
    /// The label before a help or a note.
    #[cfg(feature = "cli")]
    Label,
}

impl Ink {
    /// The parameters of the ANSI escape sequence. Yellow and cyan are not bold: many terminals
    /// make bold bright, and bright ones can't be read on white.
    fn code(self) -> &'static str {
        match self {
            Self::Severity(Severity::Error) => "1;31",
            Self::Severity(Severity::Warning) => "33",
            Self::Severity(Severity::Note) => "36",
            Self::Strong => "1",
            #[cfg(feature = "cli")]
            Self::Faint => "2",
            #[cfg(feature = "cli")]
            Self::Label => "36",
        }
    }
}

/// `text` in that ink, if colors are on.
pub fn paint(look: &Look, ink: Ink, text: &str) -> String {
    match look.color && !text.is_empty() {
        true => format!("\u{1b}[{}m{text}\u{1b}[0m", ink.code()),
        false => text.to_owned(),
    }
}

/// `error[missing-dns-egress]`; the id links to the rule's page if links are on.
pub fn verdict(look: &Look, finding: &Finding) -> String {
    let ink = Ink::Severity(finding.severity);
    let id = match look.links {
        true => {
            format!("\u{1b}]8;;{}\u{1b}\\{}\u{1b}]8;;\u{1b}\\", finding.rule.url(), finding.rule.id)
        }
        false => finding.rule.id.to_owned(),
    };
    paint(look, ink, &format!("{}[{id}]", finding.severity.word()))
}
