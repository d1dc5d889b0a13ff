//! What one machine needs to start, from one TOML file.
//!
//! Each value is known with where it came from, so that `config explain` can say it. Relative paths are relative to the
//! file. Secrets never stand in it: intake tokens only as SHA-256.

use serde::Deserialize;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::Spanned;
use wardwatch_content::{Terms, TrustedKeys};
use wardwatch_ident::{SourceId, TenantId, Zone};

mod explain;
mod vouching;

pub use explain::Setting;

/// A configuration that could not be used: where, why, what to do.
#[derive(thiserror::Error, Debug)]
#[error("{place}: {why}")]
pub struct ConfigFault {
    /// `file:line:column`, or the file.
    pub place: String,
    /// What is wrong and what to write instead.
    pub why: String,
}

/// The configuration in force.
#[derive(Debug)]
pub struct Config {
    /// Where everything durable lives.
    pub data: PathBuf,
    /// Journal engine: `sqlite` or `memory` (lost at exit; for trials).
    pub journal: String,
    /// Ledger engine: `sqlite` or `memory`.
    pub ledger: String,
    /// Address of the page, metrics and health.
    pub page: SocketAddr,
    /// Content folder that lies on top of what is in the binary: a pack of the same id is replaced.
    pub content: Option<PathBuf>,
    /// Folders of Sigma rules besides the hospital library.
    pub rules: Vec<PathBuf>,
    /// Keys of those whose content versions are taken.
    pub content_keys: TrustedKeys,
    /// How long a content version is tried.
    pub staging: Terms,
    /// Days that lines are kept after reception.
    pub retention_days: u32,
    /// Longest line, bytes (not syslog).
    pub line_bytes: usize,
    /// Longest syslog frame, bytes.
    pub frame_bytes: usize,
    /// Hospitals.
    pub tenants: Vec<Tenant>,
    /// Sockets and files that lines come from.
    pub listeners: Vec<Listener>,
    /// Every value with where it came from.
    pub settings: Vec<Setting>,
}

/// A hospital.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Short name.
    pub slug: String,
    /// Chinese name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Its sources.
    pub sources: Vec<Source>,
}

/// A device or system of a hospital.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its id.
    pub id: SourceId,
    /// Short name.
    pub slug: String,
    /// Chinese name.
    pub name: String,
    /// Pack id, or `auto`.
    pub pack: String,
    /// Zone of times without one.
    pub zone: Zone,
    /// SHA-256 of its intake tokens, hexadecimal; several during a rotation.
    pub tokens_sha256: Vec<String>,
    /// SHA-256 of the DER client certificates that stand for it, hexadecimal.
    pub certificates_sha256: Vec<String>,
    /// Silent for so long is reported, seconds.
    pub silent_seconds: u64,
}

/// Where lines come in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// `udp`, `tcp`, `tls`, `relp`, `relp-tls`, `http`, `https`, `files`.
    pub kind: String,
    /// Address, for all but `files`.
    pub bind: Option<SocketAddr>,
    /// Short name of the tenant every line belongs to (not for http, whose tokens say it).
    pub tenant: Option<String>,
    /// Short name of the source.
    pub source: Option<String>,
    /// `auto` (default), `counted` or `newline`.
    #[serde(default = "auto")]
    pub framing: String,
    /// Certificate chain, PEM (tls, relp-tls, https).
    pub certificate: Option<PathBuf>,
    /// Its key, PEM.
    pub key: Option<PathBuf>,
    /// Authority of client certificates; with it a client without certificate is refused.
    pub client_ca: Option<PathBuf>,
    /// Folder or file (files).
    pub path: Option<PathBuf>,
}

fn auto() -> String {
    "auto".into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data: Option<Spanned<PathBuf>>,
    journal: Option<Spanned<String>>,
    ledger: Option<Spanned<String>>,
    page: Option<Spanned<SocketAddr>>,
    content: Option<Spanned<PathBuf>>,
    rules: Option<Spanned<Vec<PathBuf>>>,
    retention_days: Option<Spanned<u32>>,
    line_bytes: Option<Spanned<usize>>,
    frame_bytes: Option<Spanned<usize>>,
    staging: Option<Spanned<vouching::StagingEntry>>,
    #[serde(default, rename = "content_key")]
    content_keys: Vec<vouching::KeyEntry>,
    #[serde(default, rename = "tenant")]
    tenants: Vec<Spanned<TenantEntry>>,
    #[serde(default, rename = "listener")]
    listeners: Vec<Spanned<Listener>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TenantEntry {
    id: Spanned<String>,
    name: Option<String>,
    name_en: Option<String>,
    #[serde(default, rename = "source")]
    sources: Vec<SourceEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceEntry {
    id: Spanned<String>,
    name: Option<String>,
    #[serde(default = "auto")]
    pack: String,
    zone: Option<Spanned<String>>,
    #[serde(default)]
    tokens_sha256: Vec<Spanned<String>>,
    #[serde(default)]
    certificates_sha256: Vec<Spanned<String>>,
    silent_seconds: Option<u64>,
}

/// Reads and checks a configuration. `env` looks up an environment variable (handed in: the environment is read once, in `main`).
pub fn load(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigFault> {
    let text = std::fs::read_to_string(path).map_err(|e| ConfigFault {
        place: path.display().to_string(),
        why: format!("cannot be read ({e}); `wardwatch config example` prints one to start from"),
    })?;
    parse(&text, path, env)
}

/// The same over a text; `path` is for messages and relative paths.
pub fn parse(text: &str, path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigFault> {
    let place = Place { text, path };
    let file: File = toml::from_str(text)
        .map_err(|e| ConfigFault { place: place.of(e.span().map_or(0, |s| s.start)), why: e.message().to_owned() })?;
    let mut from = explain::Origins::new(&place, env);
    let base = path.parent().unwrap_or(Path::new("."));
    let mut config = Config {
        data: base.join(from.take("data", file.data, || PathBuf::from("wardwatch-data"))?),
        journal: from.take("journal", file.journal, || "sqlite".into())?,
        ledger: from.take("ledger", file.ledger, || "sqlite".into())?,
        page: from.take("page", file.page, || SocketAddr::from(([127, 0, 0, 1], 8470)))?,
        content: from.take_optional("content", file.content)?.map(|p: PathBuf| base.join(p)),
        rules: Vec::new(),
        content_keys: vouching::keys(file.content_keys, &place, &mut from)?,
        staging: vouching::terms(file.staging, &mut from),
        retention_days: from.take("retention_days", file.retention_days, || wardwatch_limits::RETENTION_DAYS_MIN)?,
        line_bytes: from.take("line_bytes", file.line_bytes, || wardwatch_limits::LINE_BYTES)?,
        frame_bytes: from.take("frame_bytes", file.frame_bytes, || wardwatch_limits::FRAME_BYTES)?,
        tenants: Vec::new(),
        listeners: Vec::new(),
        settings: Vec::new(),
    };
    if let Some(rules) = file.rules {
        from.note("rules", &format!("{:?}", rules.get_ref()), rules.span().start);
        config.rules = rules.into_inner().into_iter().map(|p| base.join(p)).collect();
    }
    check_bounds(&config, &from)?;
    for entry in file.tenants {
        config.tenants.push(tenant(entry, &place, &mut from, &config.tenants)?);
    }
    if let Some(hash) = hash_of_two(&config.tenants) {
        let at = text.rfind(&hash).unwrap_or(0);
        let why = "this hash stands for two sources: lines of one hospital would be filed under another";
        return Err(place.fault(at, why.into()));
    }
    for entry in file.listeners {
        config.listeners.push(listener(entry, base, &place, &mut from, &config)?);
    }
    config.settings = from.finish();
    Ok(config)
}

impl Config {
    /// The tenant and source of these short names.
    pub fn find(&self, tenant: &str, source: &str) -> Option<(&Tenant, &Source)> {
        let tenant = self.tenants.iter().find(|t| t.slug == tenant)?;
        Some((tenant, tenant.sources.iter().find(|s| s.slug == source)?))
    }
}

fn check_bounds(config: &Config, from: &explain::Origins<'_>) -> Result<(), ConfigFault> {
    let fault = |key: &str, why: String| Err(ConfigFault { place: from.place_of(key), why });
    if config.retention_days < wardwatch_limits::RETENTION_DAYS_MIN {
        return fault(
            "retention_days",
            format!(
                "`retention_days` is {}: logs are kept at least {} days (Cybersecurity Law art. 23)",
                config.retention_days,
                wardwatch_limits::RETENTION_DAYS_MIN
            ),
        );
    }
    for (key, value) in [("line_bytes", config.line_bytes), ("frame_bytes", config.frame_bytes)] {
        if !(1_024..=wardwatch_limits::LINE_BYTES_MAX).contains(&value) {
            return fault(key, format!("`{key}` is {value}: between 1024 and {}", wardwatch_limits::LINE_BYTES_MAX));
        }
    }
    if config.journal == "memory" && config.ledger != "memory" {
        let why = "a journal in memory begins at line 1 after each start, below what the ledger has covered: set `ledger = \"memory\"` too";
        return fault("journal", why.into());
    }
    for (key, value) in [("journal", &config.journal), ("ledger", &config.ledger)] {
        if !matches!(value.as_str(), "sqlite" | "memory") {
            return fault(key, format!("`{key}` is `{value}`: this build has `sqlite` and `memory`"));
        }
    }
    Ok(())
}

fn tenant(
    entry: Spanned<TenantEntry>,
    place: &Place<'_>,
    from: &mut explain::Origins<'_>,
    earlier: &[Tenant],
) -> Result<Tenant, ConfigFault> {
    let entry = entry.into_inner();
    let slug = slug(&entry.id, place)?;
    if earlier.iter().any(|t| t.slug == slug) {
        return Err(place.fault(entry.id.span().start, format!("tenant `{slug}` stands here twice")));
    }
    from.note(&format!("tenant.{slug}"), entry.name.as_deref().unwrap_or(&slug), entry.id.span().start);
    let id = TenantId::from_slug(&slug);
    let mut sources: Vec<Source> = Vec::new();
    for source in entry.sources {
        let source = self::source(source, id, place)?;
        if sources.iter().any(|s| s.slug == source.slug) {
            return Err(ConfigFault {
                place: place.path.display().to_string(),
                why: format!("source `{}` of tenant `{slug}` stands here twice", source.slug),
            });
        }
        sources.push(source);
    }
    let name = entry.name.unwrap_or_else(|| slug.clone());
    Ok(Tenant { id, name_en: entry.name_en.unwrap_or_else(|| name.clone()), name, slug, sources })
}

fn source(entry: SourceEntry, tenant: TenantId, place: &Place<'_>) -> Result<Source, ConfigFault> {
    let slug = slug(&entry.id, place)?;
    let zone = match &entry.zone {
        Some(zone) => Zone::parse(zone.get_ref()).map_err(|e| place.fault(zone.span().start, e.to_string()))?,
        None => Zone::china(),
    };
    for hash in entry.tokens_sha256.iter().chain(&entry.certificates_sha256) {
        if hash.get_ref().len() != 64 || !hash.get_ref().bytes().all(|b| b.is_ascii_hexdigit()) {
            let why = "not a SHA-256 (64 hexadecimal digits): `wardwatch token` makes a token and its hash";
            return Err(place.fault(hash.span().start, why.into()));
        }
    }
    let hashes = |list: Vec<Spanned<String>>| list.into_iter().map(|h| h.into_inner().to_ascii_lowercase()).collect();
    Ok(Source {
        id: SourceId::from_slug(tenant, &slug),
        name: entry.name.unwrap_or_else(|| slug.clone()),
        pack: entry.pack,
        zone,
        tokens_sha256: hashes(entry.tokens_sha256),
        certificates_sha256: hashes(entry.certificates_sha256),
        silent_seconds: entry.silent_seconds.unwrap_or(3_600),
        slug,
    })
}

/// A token or certificate that two sources share.
fn hash_of_two(tenants: &[Tenant]) -> Option<String> {
    let mut seen = HashSet::new();
    let sources = tenants.iter().flat_map(|t| &t.sources);
    let mut hashes = sources.flat_map(|s| s.tokens_sha256.iter().chain(&s.certificates_sha256));
    hashes.find(|hash| !seen.insert(hash.as_str())).cloned()
}

/// Short names are what people type and what stands in rows: lower-case ASCII, digits, `-`, `_`, up to 40.
fn slug(id: &Spanned<String>, place: &Place<'_>) -> Result<String, ConfigFault> {
    let text = id.get_ref();
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if text.is_empty() || text.len() > 40 || !text.bytes().all(fits) {
        let why = format!("id `{text}`: use 1 to 40 of a-z, 0-9, - and _; `name` holds the name people read");
        return Err(place.fault(id.span().start, why));
    }
    Ok(text.clone())
}

fn listener(
    entry: Spanned<Listener>,
    base: &Path,
    place: &Place<'_>,
    from: &mut explain::Origins<'_>,
    config: &Config,
) -> Result<Listener, ConfigFault> {
    let at = entry.span().start;
    let mut one = entry.into_inner();
    let needs = |what: &str| Err(place.fault(at, format!("a listener of kind `{}` needs `{what}`", one.kind)));
    let (bound, named, secured) = match one.kind.as_str() {
        "udp" | "tcp" | "relp" => (true, true, false),
        "tls" | "relp-tls" => (true, one.client_ca.is_none(), true),
        "http" => (true, false, false),
        "https" => (true, false, true),
        "files" => (false, true, false),
        other => {
            let why = format!("listener kind `{other}`: use udp, tcp, tls, relp, relp-tls, http, https or files");
            return Err(place.fault(at, why));
        }
    };
    if bound && one.bind.is_none() {
        return needs("bind");
    }
    if !bound && one.path.is_none() {
        return needs("path");
    }
    if named && (one.tenant.is_none() || one.source.is_none()) {
        return needs("tenant` and `source");
    }
    if secured && (one.certificate.is_none() || one.key.is_none()) {
        return needs("certificate` and `key");
    }
    if let (Some(tenant), Some(source)) = (&one.tenant, &one.source)
        && config.find(tenant, source).is_none()
    {
        return Err(place.fault(at, format!("no source `{source}` of tenant `{tenant}` in this file")));
    }
    if !matches!(one.framing.as_str(), "auto" | "counted" | "newline") {
        return Err(place.fault(at, format!("framing `{}`: use auto, counted or newline", one.framing)));
    }
    let mut taken: HashSet<(bool, SocketAddr)> =
        config.listeners.iter().filter_map(|l| Some((l.kind == "udp", l.bind?))).collect();
    if let Some(bind) = one.bind
        && bind.port() != 0
        && !taken.insert((one.kind == "udp", bind))
    {
        return Err(place.fault(at, format!("two listeners on {bind}: lines of two hospitals could not be told apart")));
    }
    for path in [&mut one.certificate, &mut one.key, &mut one.client_ca, &mut one.path].into_iter().flatten() {
        *path = base.join(&*path);
    }
    let shown = one.bind.map_or_else(|| format!("{:?}", one.path), |b| b.to_string());
    from.note(&format!("listener.{}", one.kind), &shown, at);
    Ok(one)
}

/// Turns byte offsets of the file into `file:line:column`.
pub(crate) struct Place<'t> {
    text: &'t str,
    path: &'t Path,
}

impl Place<'_> {
    fn of(&self, offset: usize) -> String {
        let head = self.text.get(..offset).unwrap_or(self.text);
        let line = head.matches('\n').count() + 1;
        let column = head.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        format!("{}:{line}:{column}", self.path.display())
    }

    fn fault(&self, offset: usize, why: String) -> ConfigFault {
        ConfigFault { place: self.of(offset), why }
    }
}

#[cfg(test)]
mod tests;
