//! One log line, stage by stage, each a plain call: `cargo run -p wardwatch-assemble --example one_log_line`.
//!
//! The server does the same with sockets in front, a worker in the middle and files behind. ARCHITECTURE.md quotes the
//! part between the marks.

use std::error::Error;
use std::sync::Arc;
use wardwatch_access::{Actor, Mint, OpContext, Purpose, TraceId};
use wardwatch_assemble::SystemClock;
use wardwatch_content::Library;
use wardwatch_detect::{AlertBook, Program, Rules, declared_by, evaluate};
use wardwatch_event::Received;
use wardwatch_ident::{Clock, Cursor, NodeId, SourceId, TenantId};
use wardwatch_journal::{Appended, Journal};
use wardwatch_journal_memory::MemoryJournal;
use wardwatch_ledger_memory::MemoryLedger;
use wardwatch_parse::{SourceSettings, parse};
use wardwatch_predicate::route::Taxonomy;

const LINE: &str = r#"{"timestamp":"2026-11-25T10:00:00.000000+0800","event_type":"alert","src_ip":"203.0.113.9","src_port":4444,"dest_ip":"10.1.2.3","dest_port":445,"proto":"TCP","alert":{"action":"allowed","signature_id":2100498,"signature":"probe of a share","severity":1}}"#;

fn main() -> Result<(), Box<dyn Error>> {
    futures::executor::block_on(way())
}

async fn way() -> Result<(), Box<dyn Error>> {
    let clock = Arc::new(SystemClock);
    let content = Library::embedded();
    let pack = content.pack("oisf/suricata")?;
    let rules = content.rules();
    let rules = Rules::load(rules.iter().map(|(path, text)| (path.as_str(), text.as_bytes())), Default::default());
    let texts = content.taxonomy();
    let texts: Vec<_> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let program = Program::build(rules, &Taxonomy::read(&texts)?, &declared_by(&pack));
    let (journal, ledger) = (MemoryJournal::new(NodeId(0)), MemoryLedger::new(clock.clone()));
    let (tenant, now) = (TenantId::from_slug("lakeside"), clock.now());
    let source = SourceId::from_slug(tenant, "ids");

    // one log line: begin
    // intake: bytes of one tenant and source, as the credential says; nothing is looked at yet
    let received = Received::of_lines(tenant, source, now, &[LINE]);
    // journal: durable; only now may the sender be told
    let Appended::Stored(through) = journal.append(received).await? else { return Err("sent twice".into()) };
    // parse: never fails; the raw bytes stay
    let lines = journal.read(Cursor(0), 1 << 20)?;
    let batches: Vec<_> = lines.into_iter().map(|batch| parse(&pack, batch, &SourceSettings::default())).collect();
    // detect: which rules hold, and what the device itself claims
    let alerts: Vec<_> = batches.iter().flat_map(|batch| evaluate(&program, batch)).collect();
    // the window's alerts and the cursor in one transaction, so that a replay finds the same and keeps it once
    ledger.commit(Cursor(0), through, &alerts, &[]).await?;
    // one log line: end

    let scope = reach().tenant(tenant);
    let until = now.plus_micros(1_000_000);
    let (who, why) = (Actor::Operator, Purpose("example".into()));
    let cx = OpContext { who, scope, why, until, trace: TraceId::default() };
    for alert in ledger.recent(&cx, 10)? {
        println!("{}  {}  {}", alert.time, alert.severity.words().1, alert.title);
    }
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "an example stands where app/assemble stands")]
fn reach() -> Mint {
    Mint::new()
}
