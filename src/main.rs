//! The binary: [`netpol_lint::cli`] does everything.

use std::process::ExitCode;

/// Trees are many small nodes, allocated on one thread and freed on another: a tenth faster than
/// with glibc's allocator, measured on 40,000 files.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    netpol_lint::cli::run(std::env::args_os())
}
