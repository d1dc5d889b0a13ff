//! Batches, alerts and requests to tell the stories with.

use std::net::IpAddr;
use wardwatch_access::{Actor, Mint, OpContext, Purpose, TraceId};
use wardwatch_event::{LineNote, Received, RejectReason, Rejection};
use wardwatch_finding::{Alert, AlertEvidence, Fact, Match, Origin, RuleRef, Severity};
use wardwatch_ident::{AlertId, EventId, NodeId, SourceId, TenantId, Timestamp};

/// Two hospitals that exist only here.
pub fn tenants() -> [TenantId; 2] {
    [TenantId::from_slug("chunhe"), TenantId::from_slug("linshan")]
}

/// A source of a tenant.
pub fn source(tenant: TenantId) -> SourceId {
    SourceId::from_slug(tenant, "firewall")
}

/// A fixed instant, so many seconds into the story.
pub fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_795_000_000 + secs)
}

/// Lines of the first tenant's firewall.
pub fn batch(lines: &[&str]) -> Received {
    let tenant = tenants()[0];
    Received::of_lines(tenant, source(tenant), at(0), lines)
}

/// The same with a key.
pub fn keyed(key: &str, lines: &[&str]) -> Received {
    let mut batch = batch(lines);
    batch.key = Some(key.parse().expect("a key"));
    batch
}

/// A batch with everything that a batch can carry.
pub fn decorated() -> Received {
    let mut batch = keyed("run-1/7", &["", "second \u{4e2d}\u{6587}", "third"]);
    batch.peer = Some(IpAddr::from([192, 0, 2, 7]));
    batch.notes = vec![(0, LineNote::FramingResync), (2, LineNote::Truncated), (2, LineNote::Unterminated)];
    batch.rejected = vec![
        Rejection { reason: RejectReason::BadFrame, count: 3 },
        Rejection { reason: RejectReason::UdpKernelDrop, count: 1_000 },
    ];
    batch
}

/// Somebody who may see one tenant.
#[allow(clippy::disallowed_methods, reason = "tests stand in for app/assemble")]
pub fn context(tenant: TenantId) -> OpContext {
    OpContext {
        who: Actor::Person("analyst".to_owned()),
        scope: Mint::new().tenant(tenant),
        why: Purpose("conformance".to_owned()),
        until: at(3_600),
        trace: TraceId(1),
    }
}

/// What a rule says about line `seq`.
pub fn alert(tenant: TenantId, seq: u64) -> Alert {
    let event = EventId::new(at(seq as i64), NodeId(0), seq);
    Alert {
        id: AlertId::of("rule-1", "0123456789abcdef", event),
        tenant,
        source: source(tenant),
        origin: Origin::Rule,
        time: at(seq as i64),
        received: at(seq as i64),
        event,
        severity: Severity::High,
        title: "Shadow copies deleted / 删除卷影副本".to_owned(),
        rule: Some(RuleRef {
            id: "rule-1".to_owned(),
            version: "0123456789abcdef".to_owned(),
            title: "Shadow copies deleted".to_owned(),
            level: Some("high".to_owned()),
            tags: vec!["attack.t1490".to_owned()],
        }),
        evidence: AlertEvidence {
            matched: vec![Match {
                selection: "selection".to_owned(),
                field: Some("CommandLine".to_owned()),
                value: "vssadmin delete shadows".to_owned(),
                start: Some(4),
                end: Some(27),
            }],
            raw: format!("{seq}: vssadmin delete shadows"),
            pack: "windows 1".to_owned(),
            facts: vec![Fact { definition: "host-image".to_owned(), zh: "首次".to_owned(), en: "first".to_owned(), risk: 5 }],
        },
        vendor: None,
        entities: vec![("host".to_owned(), "PACS-01".to_owned())],
    }
}
