//! Who may see what. Reach (a scope) is made in one place only, by a [`Mint`]; everything else is lent one.
//!
//! Scopes have no public constructor: a function that takes a [`TenantScope`] cannot be called with a tenant that
//! nobody granted. An empty grant is an empty set. What one may not see answers as if it were absent.

use serde::{Deserialize, Serialize};
use wardwatch_ident::{TenantId, Timestamp};

use std::sync::Arc;

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person, by login name.
    Person(String),
    /// The binary itself: a worker, compaction, retention.
    Machine(String),
    /// Whoever holds the data folder's own socket: the operator of this machine.
    Operator,
}

/// Why somebody asks; written into the trail.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Purpose(pub String);

/// Ties together what one request did, in logs and facts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TraceId(pub u64);

/// The right to make reach. Lent to the authenticator, the intake credentials and the job runner.
#[derive(Debug)]
pub struct Mint(());

impl Mint {
    /// Only `app/assemble` may call this (a lint refuses it elsewhere).
    #[allow(clippy::new_without_default, reason = "a Default would be a second door past the lint on `new`")]
    pub fn new() -> Self {
        Self(())
    }

    /// Reach over one tenant.
    pub fn tenant(&self, id: TenantId) -> TenantScope {
        TenantScope(id)
    }

    /// Reach over exactly these tenants; none means none.
    pub fn fleet(&self, ids: &[TenantId]) -> FleetScope {
        FleetScope(ids.into())
    }
}

/// Reads and writes one tenant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TenantScope(TenantId);

impl TenantScope {
    /// The tenant.
    pub fn tenant(&self) -> TenantId {
        self.0
    }
}

/// Reads the granted tenants. May be empty, and empty means none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FleetScope(Arc<[TenantId]>);

impl FleetScope {
    /// The tenants.
    pub fn tenants(&self) -> &[TenantId] {
        &self.0
    }

    /// Reach over one of them; `None` for any other, as if it were absent.
    pub fn narrow(&self, id: TenantId) -> Option<TenantScope> {
        self.0.contains(&id).then_some(TenantScope(id))
    }
}

/// First parameter of everything a request reaches: who, over what, why, until when.
#[derive(Clone, Debug)]
pub struct OpContext<S = TenantScope> {
    /// Who asks.
    pub who: Actor,
    /// What they reach.
    pub scope: S,
    /// Why.
    pub why: Purpose,
    /// When the answer is no longer wanted.
    pub until: Timestamp,
    /// The request's id in logs.
    pub trace: TraceId,
}

impl<S> OpContext<S> {
    /// The same request with another reach (a fleet narrowed to a tenant).
    pub fn with_scope<T>(&self, scope: T) -> OpContext<T> {
        OpContext { who: self.who.clone(), scope, why: self.why.clone(), until: self.until, trace: self.trace }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "the test is about the mint itself")]
mod tests {
    use super::*;

    #[test]
    fn an_empty_grant_reaches_nobody() {
        let mint = Mint::new();
        let (own, foreign) = (TenantId(1), TenantId(2));
        assert_eq!(mint.fleet(&[]).narrow(own), None);
        assert_eq!(mint.fleet(&[own]).narrow(own).map(|s| s.tenant()), Some(own));
        assert_eq!(mint.fleet(&[own]).narrow(foreign), None);
    }
}
