//! `content explain`: what one line becomes, step by step, with a named pack or the one its content points to.

use crate::load::{ContentFault, Library};
use std::sync::Arc;
use wardwatch_ident::{Timestamp, Zone};
use wardwatch_pack::Pack;
use wardwatch_parse::{Explanation, Router, SourceSettings};

/// The pack for lines that no pack's clues fit.
pub const FALLBACK_PACK: &str = "generic/syslog";

/// Explains a line as if it had been received at `received` from a source in `zone`. `pack` is an id, or `auto`.
///
/// # Errors
/// No such pack, or one that does not compile.
pub fn explain(
    library: &Library,
    pack: &str,
    line: &[u8],
    received: Timestamp,
    zone: Zone,
) -> Result<Explanation, ContentFault> {
    let pack = if pack == "auto" { find(library, line)? } else { library.pack(pack)? };
    let settings = SourceSettings { zone, ..SourceSettings::default() };
    Ok(wardwatch_parse::explain(&pack, line, received, &settings))
}

/// The pack whose clues fit a line, else [`FALLBACK_PACK`].
///
/// # Errors
/// The fallback is missing.
pub fn find(library: &Library, line: &[u8]) -> Result<Arc<Pack>, ContentFault> {
    let fallback = library.pack(FALLBACK_PACK)?;
    let (packs, _) = library.packs();
    Ok(match Router::new(&packs, Arc::clone(&fallback)) {
        Ok(router) => Arc::clone(router.route(line, None)),
        Err(_) => fallback,
    })
}
