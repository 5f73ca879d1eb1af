//! `netpol-lint why`: whether one connection is allowed, and why.

use std::io::Write;

use crate::report::why;
use crate::why::{Question, why};

use super::settings::Why;
use super::terminal::Terminal;
use super::{CLEAN, Failure};

/// How many names are listed where one is not known.
const NAMED: usize = 10;

/// Explains the connection in each cluster of bundles that has both ends.
pub(super) fn print(asked: &Why, terminal: &Terminal, out: &mut dyn Write) -> Result<u8, Failure> {
    let found = why(&asked.request, &asked.question)?;
    if found.answers.is_empty() {
        return Err(Failure::Arguments(not_found(&asked.question, &found.known)));
    }
    why::write(out, found, asked.question.port, &terminal.look())?;
    Ok(CLEAN)
}

fn not_found(question: &Question, known: &[String]) -> String {
    let names: Vec<&str> = known.iter().take(NAMED).map(String::as_str).collect();
    let more = match known.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let there = match names.is_empty() {
        true => "there are no workloads".to_owned(),
        false => format!("there are {}{more}", names.join(", ")),
    };
    format!("no cluster of bundles has both `{}` and `{}`; {there}", question.from, question.to)
}
