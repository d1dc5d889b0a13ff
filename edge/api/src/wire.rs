//! Alerts as the page gets them: tenants and sources by their short names.

use crate::codes::Words;
use crate::guide::both;
use crate::ports::{Desk, Hospital};
use serde_json::{Value, json};
use std::collections::HashMap;
use wardwatch_finding::Alert;
use wardwatch_ident::{SourceId, TenantId};

/// Short names of what a session reaches.
pub(crate) struct Names {
    tenants: HashMap<TenantId, String>,
    sources: HashMap<SourceId, String>,
}

impl Names {
    pub(crate) fn of(hospitals: &[Hospital]) -> Self {
        let sources = hospitals
            .iter()
            .flat_map(|h| h.sources.iter().map(|s| (SourceId::from_slug(h.id, &s.slug), s.slug.clone())))
            .collect();
        Self { tenants: hospitals.iter().map(|h| (h.id, h.slug.clone())).collect(), sources }
    }

    /// Whether this tenant is in reach at all.
    pub(crate) fn has(&self, tenant: TenantId) -> bool {
        self.tenants.contains_key(&tenant)
    }

    /// One line of the list: what is needed to decide whether to open it.
    pub(crate) fn row(&self, desk: &dyn Desk, alert: &Alert) -> Value {
        json!({
            "id": alert.id,
            "tenant": self.tenants.get(&alert.tenant),
            "source": self.sources.get(&alert.source),
            "origin": alert.origin,
            "severity": alert.severity,
            "time": alert.time,
            "received": alert.received,
            "title": alert.title,
            "titles": titles(desk, alert),
            "rule": alert.rule.as_ref().map(|r| json!({ "id": r.id, "level": r.level })),
            "vendor": alert.vendor.as_ref().map(|v| json!({
                "disposition_id": v.disposition_id,
                "attack_result": v.attack_result,
                "count": v.count,
                "threat_class": v.threat_class,
            })),
            "entities": alert.entities,
        })
    }

    /// All of it.
    pub(crate) fn whole(&self, desk: &dyn Desk, alert: &Alert) -> Value {
        let mut value = self.row(desk, alert);
        let guide = alert.rule.as_ref().and_then(|rule| desk.guide(&rule.id));
        if let Some(object) = value.as_object_mut() {
            object.insert("event".into(), json!(alert.event));
            object.insert("rule".into(), json!(alert.rule));
            object.insert("vendor".into(), json!(alert.vendor));
            object.insert("evidence".into(), json!(alert.evidence));
            object.insert("guide".into(), json!(guide));
        }
        value
    }
}

/// The title in both languages: the guide's heading, else the title itself where it has both.
fn titles(desk: &dyn Desk, alert: &Alert) -> Words {
    let guide = alert.rule.as_ref().and_then(|rule| desk.guide(&rule.id));
    guide.map_or_else(|| both(&alert.title), |guide| guide.title.clone())
}
