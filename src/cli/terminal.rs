//! Standard output: what the terminal can show, if it is one.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use anstream::{AutoStream, ColorChoice};

use crate::report::Look;

use super::Failure;
use super::values::Color;

/// The columns of a report to a file or a pipe.
const WIDTH_OF_FILES: usize = 100;
/// The widest line of prose, however wide the terminal: longer lines are hard to read.
const WIDTH_OF_PROSE: usize = 80;

/// Standard output, inspected once.
pub(super) struct Terminal {
    color: bool,
    /// The columns, if it is a terminal.
    columns: Option<usize>,
    cwd: PathBuf,
}

impl Terminal {
    pub(super) fn new(color: Color) -> Result<Self, Failure> {
        let stdout = io::stdout();
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            // As NO_COLOR, CLICOLOR, CLICOLOR_FORCE and TERM say, and whether it is a terminal.
            Color::Auto => AutoStream::choice(&stdout) != ColorChoice::Never,
        };
        let columns = stdout.is_terminal().then(|| {
            let size = terminal_size::terminal_size_of(&stdout);
            size.map_or(WIDTH_OF_FILES, |(width, _)| usize::from(width.0))
        });
        let cwd = std::env::current_dir();
        let cwd = cwd.map_err(|error| Failure::Read("the working directory", error))?;
        Ok(Self { color, columns, cwd })
    }

    /// Standard output, buffered: flush it to notice a broken pipe.
    pub(super) fn stdout(&self) -> Box<dyn Write> {
        let raw = io::stdout().lock();
        if self.color {
            // Old Windows consoles set colors by calls, not by escape sequences.
            Box::new(BufWriter::new(AutoStream::new(raw, ColorChoice::Always)))
        } else {
            Box::new(BufWriter::new(raw))
        }
    }

    pub(super) fn color(&self) -> bool {
        self.color
    }

    pub(super) fn cwd(&self) -> &std::path::Path {
        &self.cwd
    }

    /// The columns to fit tables to; `None` if the reader may be `grep`.
    pub(super) fn columns(&self) -> Option<usize> {
        self.columns
    }

    /// The columns to fit prose to.
    pub(super) fn prose(&self) -> usize {
        self.columns.map_or(WIDTH_OF_PROSE, |columns| columns.clamp(20, WIDTH_OF_PROSE))
    }

    /// The look for report writers.
    pub(super) fn look(&self) -> Look {
        Look {
            color: self.color,
            width: self.columns.unwrap_or(WIDTH_OF_FILES),
            wrap: self.columns.is_some(),
            unicode: supports_unicode::on(supports_unicode::Stream::Stdout),
            cwd: self.cwd.clone(),
            links: self.color
                && self.columns.is_some()
                && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout),
        }
    }

    #[cfg(test)]
    pub(super) fn plain(columns: Option<usize>) -> Self {
        Self { color: false, columns, cwd: PathBuf::from("/") }
    }
}
