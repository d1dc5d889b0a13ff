//! `wardwatch`: parse the command line, carry it out, end with one code.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // One provider for all TLS; a second installation can only happen if a library did it first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    ExitCode::from(wardwatch_assemble::run() as u8)
}
