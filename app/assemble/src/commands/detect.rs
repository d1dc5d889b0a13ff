//! .
use crate::run::Session;
use wardwatch_cli::{Complaint, Exit};
pub fn run<T>(_args: &T, _session: Session) -> Result<Exit, Complaint> { Err(Complaint::failed("soon")) }
