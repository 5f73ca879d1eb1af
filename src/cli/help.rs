//! What `--help` and the manual page say in addition to the options, written once for both.

use textwrap::Options;

/// The width of the text: almost every terminal has as much.
const WIDTH: usize = 80;
/// A longer word has its meaning on the next line.
const WIDEST: usize = 36;

/// Where the scripts of `completions` go, for its `--help`.
pub(super) const COMPLETIONS: &str = "\
Where shells look for them:
  bash        netpol-lint completions bash > ~/.local/share/bash-completion/completions/netpol-lint
  zsh         netpol-lint completions zsh > DIRECTORY/_netpol-lint (a directory of $fpath)
  fish        netpol-lint completions fish > ~/.config/fish/completions/netpol-lint.fish
  elvish      netpol-lint completions elvish >> ~/.config/elvish/rc.elv
  powershell  netpol-lint completions powershell >> $PROFILE";

/// How to read the page of `man`, for its `--help`.
pub(super) const MAN: &str = "\
Examples:
  netpol-lint man > ~/.local/share/man/man1/netpol-lint.1
  netpol-lint man check > ~/.local/share/man/man1/netpol-lint-check.1";

/// A list of words and their meanings.
pub(super) struct Section {
    /// Its title in `--help`.
    pub(super) title: &'static str,
    /// Its heading in manual pages.
    pub(super) heading: &'static str,
    pub(super) entries: &'static [(&'static str, &'static str)],
}

/// Files, exit codes and other things that are not options.
pub(super) const SECTIONS: [Section; 3] = [
    Section {
        title: "Exit codes",
        heading: "EXIT STATUS",
        entries: &[
            ("0", "nothing to report"),
            ("1", "findings at or above --fail-on"),
            (
                "2",
                "the run failed: invalid arguments or netpol-lint.toml, a path that does not \
                 exist, no YAML or JSON file under the given paths",
            ),
        ],
    },
    Section {
        title: "Environment variables",
        heading: "ENVIRONMENT",
        entries: &[
            ("NETPOL_LINT_HELM", "default for --helm"),
            ("NO_COLOR", "no colors (unless --color is given)"),
            ("CLICOLOR_FORCE", "colors even if standard output is not a terminal"),
            ("CLICOLOR=0", "no colors"),
            (
                "FORCE_HYPERLINK",
                "0: no links to rule pages; 1: links even if the terminal is not known to support \
                 them",
            ),
            (
                "GITHUB_STEP_SUMMARY",
                "with the format github: a file to append the Markdown summary to",
            ),
        ],
    },
    Section {
        title: "Examples",
        heading: "EXAMPLES",
        entries: &[
            ("netpol-lint", "check the working directory"),
            (
                "netpol-lint policies/frontend.yaml",
                "report on one file; resolve it against the whole repository",
            ),
            ("helm template shop | netpol-lint -", "check what a command prints"),
            (
                "netpol-lint --output-format github --output sarif=results.sarif",
                "annotate in GitHub Actions, and write a file for code scanning",
            ),
            ("netpol-lint --diff --unsafe-fixes", "show what fixes would change"),
            ("netpol-lint rule missing-dns-egress", "explain a rule"),
            ("netpol-lint init", "write a netpol-lint.toml to start from"),
        ],
    },
];

/// The end of `--help`.
pub(super) fn after() -> String {
    SECTIONS.iter().map(Section::text).collect::<Vec<_>>().join("\n\n")
}

impl Section {
    fn text(&self) -> String {
        let lengths = self.entries.iter().map(|(word, _)| word.len());
        let words = lengths.filter(|&length| length <= WIDEST).max().unwrap_or(0);
        let below = " ".repeat(words + 4);
        let lines = self.entries.iter().map(|(word, meaning)| {
            let (above, start) = match word.len() {
                0..=WIDEST => (String::new(), format!("  {word:words$}  ")),
                _ => (format!("  {word}\n"), below.clone()),
            };
            let options = Options::new(WIDTH).initial_indent(&start).subsequent_indent(&below);
            above + &textwrap::fill(meaning, options)
        });
        let lines: Vec<String> = lines.collect();
        format!("{}:\n{}", self.title, lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meanings_are_aligned_in_eighty_columns() {
        let text = after();
        assert!(text.contains("\n  1  findings at or above --fail-on\n"), "{text}");
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert!(!text.contains("  \n"), "{text}");
    }
}
