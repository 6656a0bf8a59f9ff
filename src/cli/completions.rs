//! `tallyship completions SHELL` and `tallyship man`: made from the same arguments that are parsed, so they cannot lag behind.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::roff::{Roff, bold, roman};

use super::output::{Access, Output};
use super::{Arguments, Failure, console};
use crate::config;

pub(super) fn completions(shell: Shell) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "tallyship", &mut script);
    console::write(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// The page of `tallyship` itself on standard output; with a folder, a page for every command into it.
pub(super) fn man(folder: Option<&Path>, force: bool) -> Result<ExitCode, Failure> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder).map_err(Failure::new)?;
        pages(folder, force, &command)?;
    } else {
        console::write(&page(&command)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn page(command: &clap::Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .map_err(Failure::new)?;
    if command.get_name() == "tallyship" {
        settings().to_writer(&mut page).map_err(Failure::new)?;
    }
    Ok(page)
}

/// The section of a man page that lists every setting.
fn settings() -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["ENVIRONMENT"]);
    for part in config::sections() {
        section.text([roman(part.doc())]);
        for key in part.keys {
            let default = match key.default {
                "" => String::new(),
                default => format!(" [default: {default}]"),
            };
            section.control("TP", []);
            section.text([bold(key.variable()), roman(default)]);
            section.text([roman(key.doc())]);
        }
        section.control("PP", []);
    }
    section
}

fn pages(folder: &Path, force: bool, command: &clap::Command) -> Result<(), Failure> {
    let subcommands = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    for subcommand in subcommands {
        pages(folder, force, subcommand)?;
    }
    let file = folder.join(clap_mangen::Man::new(command.clone()).get_filename());
    let mut out = Output::open(Some(&file), Access::Shared, force)?;
    out.write_all(&page(command)?)
        .map_err(|cause| out.failure(cause))?;
    out.finish()
}
