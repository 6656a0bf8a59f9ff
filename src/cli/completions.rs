//! `tallyship completions SHELL` and `tallyship man`: made from the same arguments that are parsed, so they cannot lag behind.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Arguments, Failure};

pub(super) fn completions(shell: Shell) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "tallyship", &mut script);
    std::io::stdout().write_all(&script).map_err(Failure::new)?;
    Ok(ExitCode::SUCCESS)
}

/// The page of `tallyship` itself on standard output; with a folder, a page for every command into it.
pub(super) fn man(folder: Option<&Path>) -> Result<ExitCode, Failure> {
    let command = Arguments::command();
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder).map_err(Failure::new)?;
        clap_mangen::generate_to(command, folder).map_err(Failure::new)?;
    } else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut page)
            .map_err(Failure::new)?;
        std::io::stdout().write_all(&page).map_err(Failure::new)?;
    }
    Ok(ExitCode::SUCCESS)
}
