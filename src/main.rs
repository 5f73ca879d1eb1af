//! The binary: everything it does, and in which order, is told in [`netpol_lint::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    netpol_lint::cli::run(std::env::args_os())
}
