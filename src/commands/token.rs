//! `tallyship token create`: a staff token, printed once, alone on standard output.

use std::process::ExitCode;

use super::{Failure, migrated};
use crate::identity::staff::{self, Role};
use crate::settings::Settings;
use crate::vocabulary::Moment;

pub(super) fn create(settings: &Settings, role: Role, name: &str) -> Result<ExitCode, Failure> {
    let length = name.chars().count();
    if !(1..=100).contains(&length) || name.chars().any(char::is_control) {
        return Err(Failure::configuration(
            "--name: expected 1 to 100 characters",
        ));
    }
    let token = staff::create(&mut migrated(settings)?, role, name, Moment::now())?;
    println!("{token}");
    Ok(ExitCode::SUCCESS)
}
