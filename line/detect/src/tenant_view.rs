//! One tenant's view of the rules: which are off, what narrows them, how bad it takes them.

use crate::mask::TenantMask;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use wardwatch_finding::{Alert, Severity};
use wardwatch_ident::TenantId;

/// A tenant's view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantView {
    /// Rules over single events that are off, and filters that narrow them.
    pub mask: TenantMask,
    /// Ids of correlations that are off.
    pub correlations_off: Vec<String>,
    /// Rules, by id, that are worse or less bad here than their author says.
    pub severities: BTreeMap<String, Severity>,
}

impl TenantView {
    /// Gives the alert the severity it has for this tenant.
    pub(crate) fn weigh(&self, alert: &mut Alert) {
        let rule = alert.rule.as_ref();
        if let Some(severity) = rule.and_then(|rule| self.severities.get(&rule.id)) {
            alert.severity = *severity;
        }
    }

    /// Whether the correlation behind the alert is off.
    pub(crate) fn is_off(&self, alert: &Alert) -> bool {
        alert.rule.as_ref().is_some_and(|rule| self.correlations_off.contains(&rule.id))
    }
}

/// The views of all tenants that have one of their own.
#[derive(Clone, Debug, Default)]
pub struct Views {
    own: HashMap<TenantId, Arc<TenantView>>,
    usual: Arc<TenantView>,
}

impl Views {
    /// No tenant has a view of its own; all have this one.
    #[must_use]
    pub fn usual(view: TenantView) -> Views {
        Views { own: HashMap::new(), usual: Arc::new(view) }
    }

    /// Sets a tenant's view.
    pub fn set(&mut self, tenant: TenantId, view: TenantView) {
        self.own.insert(tenant, Arc::new(view));
    }

    /// The view of a tenant; everything on where it has none of its own.
    #[must_use]
    pub fn of(&self, tenant: TenantId) -> Arc<TenantView> {
        Arc::clone(self.own.get(&tenant).unwrap_or(&self.usual))
    }
}
