//! Rules as single tenants have them: placeholders filled from a tenant's sets, filters that a tenant lays over rules.
//!
//! There is one program for all. What is a tenant's own stands in it beside the rest, and the others' masks leave it out.

use crate::mask::TenantMask;
use crate::rules::Rules;
use crate::tenant_view::{TenantView, Views};
use std::collections::BTreeMap;
use wardwatch_finding::Severity;
use wardwatch_ident::TenantId;
use wardwatch_predicate::sigma::{Document, Filter, Placeholders, read_rules};

/// What a tenant says about rules.
#[derive(Clone, Debug)]
pub struct TenantWishes {
    /// Whose.
    pub tenant: TenantId,
    /// Ids of rules and correlations that are off.
    pub off: Vec<String>,
    /// Severities by rule id.
    pub severities: BTreeMap<String, Severity>,
    /// Filter documents: name and bytes.
    pub filters: Vec<(String, Vec<u8>)>,
    /// Values of placeholders, from the tenant's sets.
    pub placeholders: Placeholders,
}

impl TenantWishes {
    /// A tenant that takes the rules as they are.
    #[must_use]
    pub fn none(tenant: TenantId) -> TenantWishes {
        TenantWishes {
            tenant,
            off: Vec::new(),
            severities: BTreeMap::new(),
            filters: Vec::new(),
            placeholders: Placeholders::new(),
        }
    }
}

/// What became a tenant's own in a set of rules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Own {
    /// Rules that only this tenant has, by number.
    pub(crate) rules: Vec<(TenantId, u32)>,
    /// Filters: whose, the filter, its number among the set's `narrows`.
    pub(crate) narrows: Vec<(TenantId, Filter, u32)>,
    /// Filters that cannot be used, with the reason.
    pub(crate) refused: Vec<(TenantId, String)>,
}

/// Reads a tenant's filters; what is none is refused with its place.
pub(crate) fn filters_of(wishes: &TenantWishes) -> (Vec<Filter>, Vec<String>) {
    let (mut filters, mut refused) = (Vec::new(), Vec::new());
    for (name, bytes) in &wishes.filters {
        for document in read_rules(bytes) {
            match document {
                Ok(Document::Filter(filter)) => filters.push(*filter),
                Ok(_) => refused.push(format!("{name}: only filters stand here; rules come with the content")),
                Err(fault) => refused.push(format!("{name}:{} {}", fault.fault.place, fault.fault.reason)),
            }
        }
    }
    (filters, refused)
}

impl Rules {
    /// The tenants' views of these rules.
    #[must_use]
    pub fn views(&self, wishes: &[TenantWishes]) -> Views {
        let all_own = || self.own.rules.iter().map(|(_, number)| *number);
        let mut views = Views::usual(TenantView {
            mask: TenantMask { off: all_own().collect(), ..TenantMask::default() },
            ..TenantView::default()
        });
        for wish in wishes {
            let foreign = self.own.rules.iter().filter(|(tenant, _)| *tenant != wish.tenant);
            let mut mask = TenantMask { off: foreign.map(|(_, number)| *number).collect(), ..TenantMask::default() };
            for (number, rule) in (0u32..).zip(&self.set.rules) {
                if wish.off.contains(&rule.about.id) {
                    mask.off.insert(number);
                }
                let named = |filter: &Filter| filter.applies_to(&rule.about, &rule.logsource);
                let own = self.own.narrows.iter().filter(|(tenant, filter, _)| *tenant == wish.tenant && named(filter));
                let narrows: Vec<u32> = own.map(|(_, _, narrow)| *narrow).collect();
                if !narrows.is_empty() {
                    mask.narrowed_by.insert(number, narrows);
                }
            }
            let view = TenantView { mask, correlations_off: wish.off.clone(), severities: wish.severities.clone() };
            views.set(wish.tenant, view);
        }
        views
    }

    /// Tenants' filters that cannot be used, with the reason.
    #[must_use]
    pub fn refused_filters(&self) -> &[(TenantId, String)] {
        &self.own.refused
    }
}
