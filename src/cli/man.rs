//! `netpol-lint man`: the manual page of the program, or of one of its commands.

use std::io::Write;

use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::Args;
use super::help::{SECTIONS, Section};
use super::{CLEAN, Failure, mistyped};

/// Prints the page of the command with that name; without one, of the whole program.
pub(super) fn write(name: Option<&str>, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut program = Args::command();
    // Sets the full name of every command.
    program.build();
    let checks = matches!(name, None | Some("check"));
    let command = match name {
        None => program,
        Some(name) => {
            let found = program.find_subcommand(name).cloned();
            found.ok_or_else(|| Failure::Arguments(mistyped::no_command(name, &program)))?
        }
    };
    let has_commands = command.has_subcommands();
    let man = Man::new(command).manual("User Commands");
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if has_commands {
        man.render_subcommands_section(out)?;
    }
    if checks {
        SECTIONS.iter().try_for_each(|section| section.roff().to_writer(out))?;
    }
    Ok(CLEAN)
}

impl Section {
    fn roff(&self) -> Roff {
        let mut roff = Roff::new();
        roff.control("SH", [self.heading]);
        for (word, meaning) in self.entries {
            roff.control("TP", []).text([bold(*word)]).text([roman(*meaning)]);
        }
        roff
    }
}
