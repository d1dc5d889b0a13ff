//! Asks the running server, or, if none runs on the folder, opens the folder under its lock and asks that.

use crate::clock::SystemClock;
use crate::config::Config;
use crate::desk::MachineDesk;
use crate::machine::Machine;
use axum::body::Body;
use hyper::Request;
use serde_json::Value;
use std::sync::Arc;
use tower::ServiceExt;
use wardwatch_api::{ControlSetup, control_router};
use wardwatch_cli::{Client, ClientFault, Complaint, Exit, Language};

/// A single-threaded runtime for a command.
pub fn runtime() -> Result<tokio::runtime::Runtime, Complaint> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Complaint::failed(format!("no runtime: {e}")))
}

/// Posts a question and gives the answer's bytes.
pub async fn ask(config: Config, path: &str, question: &Value, language: Language) -> Result<Vec<u8>, Complaint> {
    match Client::of(&config.data).speaking(language).raw(path, Some(question)).await {
        Ok(bytes) => Ok(bytes.to_vec()),
        Err(ClientFault::Absent(_)) => ask_folder(config, path, question, language).await,
        Err(fault) => Err(complaint(fault)),
    }
}

/// The same, the answer as JSON.
pub async fn ask_json(config: Config, path: &str, question: &Value, language: Language) -> Result<Value, Complaint> {
    let bytes = ask(config, path, question, language).await?;
    serde_json::from_slice(&bytes).map_err(|e| Complaint::failed(format!("the answer was not understood: {e}")))
}

async fn ask_folder(config: Config, path: &str, question: &Value, language: Language) -> Result<Vec<u8>, Complaint> {
    if !config.data.exists() {
        let what = format!("there is no data folder {}", config.data.display());
        return Err(Complaint::new(
            Exit::NotFound,
            what,
            "`wardwatch serve` makes it; --config names another configuration",
        ));
    }
    let machine = Arc::new(Machine::open(config, Arc::new(SystemClock))?);
    let all: Vec<_> = machine.config.tenants.iter().map(|t| t.id).collect();
    let fleet = machine.mint.fleet(&all);
    let setup =
        ControlSetup { desk: Arc::new(MachineDesk(Arc::clone(&machine))), clock: Arc::clone(&machine.clock), fleet };
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("accept-language", language.pick("zh", "en"))
        .body(Body::from(question.to_string()))
        .map_err(|e| Complaint::failed(e.to_string()))?;
    let answer = match control_router(setup).oneshot(request).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    };
    let status = answer.status();
    let bytes = axum::body::to_bytes(answer.into_body(), wardwatch_limits::ANSWER_BYTES)
        .await
        .map_err(|e| Complaint::failed(e.to_string()))?;
    if status.is_success() { Ok(bytes.to_vec()) } else { Err(complaint(ClientFault::of_answer(status, &bytes))) }
}

/// What the server said, as a complaint.
pub fn complaint(fault: ClientFault) -> Complaint {
    match fault {
        ClientFault::Refused { status, code, detail, next } => {
            let exit = match status {
                400 | 422 => Exit::Usage,
                401 | 403 => Exit::NotAllowed,
                404 => Exit::NotFound,
                409 => Exit::Conflict,
                503 | 504 => Exit::Unreachable,
                _ => Exit::Failed,
            };
            Complaint::new(exit, format!("{detail} ({code})"), next)
        }
        other => {
            Complaint::new(Exit::Unreachable, other, "look at the server's log; `wardwatch doctor` checks this machine")
        }
    }
}
