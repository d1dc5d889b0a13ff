//! What is handed in: a rule held for an event, and the event can be asked for fields.

use wardwatch_ident::{EventId, SourceId, TenantId, Timestamp};

/// A rule over single events held.
#[derive(Clone, Copy)]
pub struct Hit<'h> {
    /// Whose event.
    pub tenant: TenantId,
    /// From which source.
    pub source: SourceId,
    /// The rule's number, as [`crate::RuleNames`] was told.
    pub rule: u32,
    /// The event.
    pub event: EventId,
    /// When it happened, by the event; its reception where it does not say.
    pub time: Timestamp,
    /// When it was received.
    pub received: Timestamp,
    /// Its fields.
    pub fields: &'h dyn HitFields,
}

/// A field that a correlation asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldName<'f> {
    /// As the correlation writes it.
    pub name: &'f str,
    /// Its place in [`crate::Correlations::fields`], for those who keep names resolved.
    pub number: usize,
}

/// The fields of an event.
pub trait HitFields {
    /// Gives each value of the field as text: one for a plain field, one per element of an array, none if it is absent
    /// or null.
    fn values(&self, field: FieldName<'_>, take: &mut dyn FnMut(&str));
}

impl HitFields for [(&str, &str)] {
    fn values(&self, field: FieldName<'_>, take: &mut dyn FnMut(&str)) {
        self.iter().filter(|(name, _)| *name == field.name).for_each(|(_, value)| take(value));
    }
}

impl<const N: usize> HitFields for [(&str, &str); N] {
    fn values(&self, field: FieldName<'_>, take: &mut dyn FnMut(&str)) {
        self.as_slice().values(field, take);
    }
}
