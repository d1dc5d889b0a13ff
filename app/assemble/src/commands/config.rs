//! `wardwatch config explain|example`.

use crate::config::{self, Setting};
use crate::run::{Session, environment};
use std::path::Path;
use wardwatch_cli::{Complaint, ConfigCommand, Exit};

/// Carries out a `config` command.
pub fn run(command: &ConfigCommand, _session: Session) -> Result<Exit, Complaint> {
    match command {
        ConfigCommand::Explain { config, json } => explain(config, *json),
        ConfigCommand::Example { page } => {
            print!("{}", include_str!("example.toml").replace("127.0.0.1:8470", &page.to_string()));
            Ok(Exit::Ok)
        }
    }
}

/// Reads the configuration or complains with its place.
pub fn read(path: &Path) -> Result<config::Config, Complaint> {
    config::load(path, &environment).map_err(|e| {
        let (exit, next) = if path.exists() {
            (Exit::Failed, "mend the place that is named; `wardwatch config example` shows every key")
        } else {
            (Exit::NotFound, "`wardwatch config example` prints one to start from; --config names another file")
        };
        Complaint::new(exit, e, next)
    })
}

fn explain(path: &Path, json: bool) -> Result<Exit, Complaint> {
    let config = read(path)?;
    if json {
        let document = serde_json::to_string_pretty(&config.settings).map_err(Complaint::failed)?;
        println!("{document}");
        return Ok(Exit::Ok);
    }
    let width = |part: fn(&Setting) -> &str| config.settings.iter().map(|s| part(s).chars().count()).max().unwrap_or(0);
    let (keys, values) = (width(|s| &s.key), width(|s| &s.value).min(60));
    for setting in &config.settings {
        println!("{:keys$}  {:values$}  {}", setting.key, setting.value, setting.origin);
    }
    Ok(Exit::Ok)
}
