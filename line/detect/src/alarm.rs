//! What a security device itself claims: its alarm becomes an alert of origin device, with the device's own words kept
//! as it sent them. What it did not send is none, never "no".

use crate::evaluate::evidence_of;
use wardwatch_event::{ColumnValue, Event};
use wardwatch_finding::{Alert, AlertEvidence, Origin, Severity, VendorClaim};
use wardwatch_ident::AlertId;
use wardwatch_schema::ColumnId;

/// OCSF Detection Finding.
const DETECTION_FINDING: u32 = 2004;
/// What a reader looks for first, by column.
const ENTITIES: [&str; 10] =
    ["host", "host_ip", "src_ip", "src_host", "dst_ip", "dst_host", "user", "target_user", "proc_path", "url_host"];

/// The alert of an event whose class is Detection Finding.
pub(crate) fn alarm(event: Event<'_>) -> Option<Alert> {
    if event.head().class_uid != DETECTION_FINDING {
        return None;
    }
    let mut claim = VendorClaim::default();
    let mut message = None;
    event.columns(&mut |column, value| {
        let Some(name) = name_of(column) else { return };
        match name {
            "rule_uid" => claim.rule_uid = text(value),
            "rule_name" => claim.rule_name = text(value),
            "threat" => claim.threat = text(value),
            "threat_class" => claim.threat_class = text(value),
            "attack_id" => claim.attack_id = text(value),
            "severity_id" => claim.severity_id = int(value),
            "disposition_id" => claim.disposition_id = int(value),
            "attack_stage" => claim.attack_stage = text(value),
            "attack_result" => claim.attack_result = text(value),
            "confidence_id" => claim.confidence_id = int(value),
            "direction_id" => claim.direction_id = int(value),
            "count" => claim.count = int(value),
            "excerpt" => claim.excerpt = text(value),
            "message" => message = text(value),
            _ => {}
        }
    });
    let named =
        claim.threat.clone().or_else(|| claim.rule_name.clone()).or(message).or_else(|| claim.threat_class.clone());
    let title = named.unwrap_or_else(|| event.batch().pack.title.clone());
    Some(Alert {
        id: AlertId::of("device", "", event.id()),
        severity: Severity::of_ocsf(claim.severity_id),
        title,
        evidence: evidence_of(event, Vec::new()),
        vendor: Some(claim),
        ..claimed(event)
    })
}

/// An alert with what the event alone says; everything else is a device's claim without words.
pub(crate) fn claimed(event: Event<'_>) -> Alert {
    let received = &event.batch().lines.received;
    Alert {
        id: AlertId::of("device", "", event.id()),
        tenant: received.tenant(),
        source: received.source,
        origin: Origin::Device,
        time: event.head().time,
        received: received.at,
        event: event.id(),
        severity: Severity::Medium,
        title: String::new(),
        rule: None,
        evidence: AlertEvidence::default(),
        vendor: None,
        entities: entities(event),
    }
}

fn entities(event: Event<'_>) -> Vec<(String, String)> {
    let mut found: Vec<(&str, String)> = Vec::new();
    event.columns(&mut |column, value| {
        let wanted = name_of(column).filter(|name| ENTITIES.contains(name));
        if let (Some(name), Some(text)) = (wanted, text(value)) {
            found.push((name, text));
        }
    });
    found.sort_by_key(|(name, _)| ENTITIES.iter().position(|wanted| wanted == name));
    found.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
}

fn name_of(column: ColumnId) -> Option<&'static str> {
    column.column().map(|column| column.name)
}

fn text(value: ColumnValue<'_>) -> Option<String> {
    let text = match value {
        ColumnValue::Text(text) => text.into_owned(),
        ColumnValue::Int(int) => int.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

fn int(value: ColumnValue<'_>) -> Option<i64> {
    match value {
        ColumnValue::Int(int) => Some(int),
        ColumnValue::Text(text) => text.parse().ok(),
    }
}
