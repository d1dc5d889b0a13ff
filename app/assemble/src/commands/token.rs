//! `wardwatch token`: a new intake token, and the hash that the configuration keeps of it.

use crate::run::Session;
use rand::TryRngCore;
use sha2::{Digest, Sha256};
use wardwatch_cli::{Complaint, Exit};

/// Prints a token of 192 random bits and its SHA-256.
pub fn run(session: Session) -> Result<Exit, Complaint> {
    let mut bytes = [0u8; 24];
    rand::rngs::OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(|e| Complaint::failed(format!("the system gives no random numbers: {e}")))?;
    let token = format!("ww_{}", hex::encode(bytes));
    let hash = hex::encode(Sha256::digest(token.as_bytes()));
    println!("token         {token}");
    println!("tokens_sha256 {hash}");
    if !session.quiet {
        eprintln!(
            "{}",
            session.language.pick(
                "令牌交给发送端（文件，权限 0600），只显示这一次；哈希写入配置中该来源的 tokens_sha256。",
                "give the token to the sender (in a file, mode 0600), it is shown only now; \
                 the hash goes into tokens_sha256 of the source in the configuration.",
            )
        );
    }
    Ok(Exit::Ok)
}
