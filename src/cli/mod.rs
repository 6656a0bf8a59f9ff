//! The command line: one file a command. `main` calls [`run`] and exits with what it returns.
//!
//! Exit codes: 0 done, 1 it failed or found a difference, 2 the configuration or the arguments are wrong.

mod backup;
mod catalog;
mod completions;
mod config;
mod console;
mod health;
mod log;
mod mcp;
mod output;
mod progress;
mod replay;
mod serve;
pub mod simulate;
mod token;
mod verify;
mod visitors;
mod votes;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::auth::audit::{self, AuditAction};
use crate::auth::secret::SecretError;
use crate::auth::users::UsersError;
use crate::config::{Layers, SettingError, Settings};
use crate::domain::{Actor, Timestamp};
use crate::infra::db::{self, DbConnection, Purpose};
use crate::infra::{stderr, telemetry};
use verify::Repair;

#[derive(Parser)]
#[command(name = "tallyship", version, about = "Community votes beside a panel's verdict", long_about = None)]
struct Arguments {
    /// A configuration file (TOML), laid over config/default.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The public listener, such as 127.0.0.1:8080
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// sqlite://PATH or postgres://…
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server (the default)
    Serve,
    /// Bring the database to the newest schema
    Migrate,
    /// The catalogue of tools
    #[command(subcommand)]
    Catalog(catalog::CatalogCommand),
    /// The settings
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Staff tokens
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Visitor tokens, for tests and load
    #[command(subcommand)]
    Visitors(visitors::VisitorsCommand),
    /// Ask the server that runs with these settings how it is; exit code 1 unless it takes votes
    Health,
    /// Answer an agent on standard input and output by the Model Context Protocol; it reads and never votes
    Mcp,
    /// Recount every tally from the votes and from the ledger, and check the audit chain
    Verify {
        /// A head of the audit chain that was published: its entry must still be there
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
        /// Say what a repair would do: the votes stand, and all else is made to agree with them
        #[arg(long)]
        repair: bool,
        /// Do it; no server may run
        #[arg(long, requires = "repair")]
        apply: bool,
    },
    /// The public log
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Run a past span's ledger through other quotas or thresholds, and say what would have been different
    Replay(replay::ReplayArguments),
    /// Write what the site has as a file
    #[command(subcommand)]
    Export(votes::ExportCommand),
    /// Take in what a file has
    #[command(subcommand)]
    Import(votes::ImportCommand),
    /// Write the whole database as one file, beside a running server (a copy by cp would miss votes)
    Backup {
        /// Readable by its owner alone; - is standard output
        file: PathBuf,
        /// Overwrite an existing file
        #[arg(long)]
        force: bool,
    },
    /// Put a backup in the place of the database, whole or not at all; no server may run
    Restore {
        file: PathBuf,
        /// Leave the staff tokens and sessions of the backup as they were when it was made
        #[arg(long)]
        keep_tokens: bool,
    },
    /// Print a completion script for a shell
    Completions { shell: clap_complete::Shell },
    /// Print the manual page
    Man {
        /// Write the pages of every command into this folder instead
        #[arg(long, value_name = "FOLDER")]
        dir: Option<PathBuf>,
        /// Overwrite existing pages
        #[arg(long)]
        force: bool,
    },
}

/// Why a command ended early: the message, if any, and the exit code.
pub struct Failure {
    message: Option<String>,
    code: u8,
}

impl Failure {
    fn new(cause: impl std::fmt::Display) -> Self {
        Self {
            message: Some(cause.to_string()),
            code: 1,
        }
    }

    /// The same, after what it means.
    fn because(self, meaning: &str) -> Self {
        let message = self.message.map(|cause| format!("{meaning}: {cause}"));
        Self { message, ..self }
    }

    /// There is nobody to tell.
    fn silent() -> Self {
        Self {
            message: None,
            code: 1,
        }
    }

    fn configuration(cause: impl std::fmt::Display) -> Self {
        Self {
            message: Some(cause.to_string()),
            code: 2,
        }
    }
}

impl From<SettingError> for Failure {
    fn from(cause: SettingError) -> Self {
        Self::configuration(cause)
    }
}

impl From<SecretError> for Failure {
    fn from(cause: SecretError) -> Self {
        match cause {
            SecretError::Query(_) => Self::new(cause),
            _ => Self::configuration(cause),
        }
    }
}

impl From<UsersError> for Failure {
    fn from(cause: UsersError) -> Self {
        match cause {
            UsersError::Thread(_) => Self::new(cause),
            _ => Self::configuration(cause),
        }
    }
}

impl From<db::OpenError> for Failure {
    fn from(cause: db::OpenError) -> Self {
        // One line, whatever the database's library says.
        let lines = cause.to_string();
        let line = lines.lines().map(str::trim).collect::<Vec<_>>().join("; ");
        match cause {
            db::OpenError::Missing(_) | db::OpenError::Unsafe(_) => Self::configuration(line),
            _ => Self::new(line),
        }
    }
}

impl From<diesel::result::Error> for Failure {
    fn from(cause: diesel::result::Error) -> Self {
        Self::new(format!("the database: {cause}"))
    }
}

/// Reads arguments and settings and runs the command.
pub fn run() -> ExitCode {
    std::panic::set_hook(Box::new(report_panic));
    let outcome = match Arguments::try_parse() {
        Ok(arguments) => carry_out(arguments),
        Err(usage) => show_usage(&usage),
    };
    let code = outcome.unwrap_or_else(|failure| {
        if let Some(message) = &failure.message {
            stderr::line(format_args!("tallyship: {message}"));
        }
        ExitCode::from(failure.code)
    });
    stderr::flush();
    code
}

fn report_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let thread = std::thread::current();
    stderr::line(format_args!(
        "thread {:?} {panic}",
        thread.name().unwrap_or("unnamed")
    ));
    let trace = Backtrace::capture();
    if trace.status() == BacktraceStatus::Captured {
        stderr::line(trace);
    }
}

/// Help and version, or what is wrong with the arguments.
fn show_usage(usage: &clap::Error) -> Result<ExitCode, Failure> {
    let printed = usage.print().and_then(|()| std::io::stdout().flush());
    if !usage.use_stderr() {
        printed.map_err(|cause| console::failure(&cause))?;
    }
    Ok(ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2)))
}

fn carry_out(arguments: Arguments) -> Result<ExitCode, Failure> {
    let layers = layers(&arguments);
    let ready = layers.and_then(|layers| Ok((prepared(&layers)?, layers)));
    match arguments.command.unwrap_or(Command::Serve) {
        // These two need no settings.
        Command::Completions { shell } => completions::completions(shell),
        Command::Man { dir, force } => completions::man(dir.as_deref(), force),
        Command::Config(command) => config::run(&command, &ready?.1),
        Command::Serve => serve::run(ready?.0),
        Command::Migrate => {
            let done = db::migrate(&mut db::create(&ready?.0.database, Purpose::Command)?)?;
            console::print(format_args!("{done} migrations were run"))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Catalog(command) => catalog::run(&command, &ready?.0),
        Command::Token(command) => token::run(&command, &ready?.0),
        Command::Visitors(command) => visitors::run(&command, &ready?.0),
        Command::Backup { file, force } => backup::write(&ready?.0, &file, force),
        Command::Restore { file, keep_tokens } => backup::restore(&ready?.0, &file, keep_tokens),
        Command::Mcp => mcp::run(&ready?.0),
        Command::Health => health::run(&ready?.0),
        Command::Verify {
            head,
            repair,
            apply,
        } => {
            let repair = repair.then_some(if apply { Repair::Apply } else { Repair::Show });
            verify::run(&ready?.0, head.as_deref(), repair)
        }
        Command::Log(command) => log::run(command, &ready?.0),
        Command::Replay(arguments) => replay::run(&ready?.0, &arguments),
        Command::Export(command) => votes::export(&command, &ready?.0),
        Command::Import(command) => votes::import(&command, &ready?.0),
    }
}

/// Reads the settings and starts the log.
fn prepared(layers: &Layers) -> Result<Settings, Failure> {
    let settings = Settings::from_layers(layers)?;
    telemetry::start_log(&settings.log).map_err(Failure::configuration)?;
    Ok(settings)
}

/// The layers of settings, weakest first.
fn layers(arguments: &Arguments) -> Result<Layers, Failure> {
    let mut layers = Layers::defaults();
    let default = Path::new("config/default.toml");
    if default.exists() {
        layers.add_file(default)?;
    }
    if let Some(file) = &arguments.config {
        layers.add_file(file)?;
    }
    layers.add_environment(environment()?)?;
    for (name, flag, value) in [
        ("http.listen", "--listen", &arguments.listen),
        ("database.url", "--database-url", &arguments.database_url),
    ] {
        if let Some(value) = value {
            layers.set(name, value, flag)?;
        }
    }
    Ok(layers)
}

/// The variables of the environment. One that is no text and none of ours is passed over.
fn environment() -> Result<impl Iterator<Item = (String, String)>, Failure> {
    let mut variables = Vec::new();
    for (name, value) in std::env::vars_os() {
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => variables.push((name, value)),
            (Ok(name), Err(_)) if name.starts_with("TALLYSHIP_") => {
                return Err(Failure::configuration(format!(
                    "environment {name}: the value is not valid UTF-8"
                )));
            }
            _ => {}
        }
    }
    Ok(variables.into_iter())
}

/// Notes a command in the audit chain, before it does what it is noted for.
fn audit_command(
    conn: &mut DbConnection,
    command: &str,
    act: &'static str,
    subject: &str,
    after: serde_json::Value,
) -> Result<(), Failure> {
    let act = AuditAction {
        act,
        subject: subject.to_owned(),
        after,
        ..AuditAction::default()
    };
    db::write_transaction(conn, |conn| {
        audit::append(conn, &Actor::command(command), &act, Timestamp::now())?;
        Ok(())
    })
}

/// A connection to a database of the newest schema, which is made if there is none.
fn create_database(settings: &Settings) -> Result<DbConnection, Failure> {
    let mut conn = db::create(&settings.database, Purpose::Command)?;
    db::migrate(&mut conn)?;
    Ok(conn)
}

/// The same for a command that has nothing to do without a database, and must not make one in a wrong folder.
fn open_database(settings: &Settings) -> Result<DbConnection, Failure> {
    let mut conn = db::open_existing(&settings.database, Purpose::Command)?;
    db::migrate(&mut conn)?;
    Ok(conn)
}
