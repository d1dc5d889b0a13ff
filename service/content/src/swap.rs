//! Which content looks at whose lines: one answer for a whole window, replaced as a whole between two.
//!
//! [`Choice`] is what the line asks at the beginning of a window. A window that has begun ends with the choice it began
//! with, so that every event is looked at by exactly one raising content, also while it is replaced.

use std::sync::{Arc, PoisonError, RwLock};

/// What is in use for whom.
#[derive(Debug)]
pub struct Choice<C, T> {
    /// Counts replacements: whoever carries memory from window to window compares it.
    pub turn: u64,
    /// In use for everybody who is not among the first.
    pub in_use: Arc<C>,
    /// What is tried.
    pub tried: Option<Arc<C>>,
    /// Tenants for whom the tried one raises; none in the shadow.
    pub first: Arc<[T]>,
}

impl<C, T> Clone for Choice<C, T> {
    fn clone(&self) -> Self {
        let (in_use, tried, first) = (Arc::clone(&self.in_use), self.tried.clone(), Arc::clone(&self.first));
        Choice { turn: self.turn, in_use, tried, first }
    }
}

/// Who looks at a tenant's lines.
#[derive(Debug)]
pub struct Eyes<'c, C> {
    /// Its alerts are raised.
    pub raising: &'c Arc<C>,
    /// Its alerts are only counted.
    pub beside: Option<&'c Arc<C>>,
    /// The raising one is the tried one.
    pub tried: bool,
}

impl<C, T: PartialEq> Choice<C, T> {
    /// One for all.
    pub fn only(in_use: Arc<C>) -> Choice<C, T> {
        Choice { turn: 0, in_use, tried: None, first: Arc::new([]) }
    }

    /// Who looks at the lines of this tenant. In the shadow everybody's lines are looked at twice; once some are first,
    /// only theirs.
    pub fn of(&self, tenant: &T) -> Eyes<'_, C> {
        match &self.tried {
            None => Eyes { raising: &self.in_use, beside: None, tried: false },
            Some(tried) if self.first.contains(tenant) => {
                Eyes { raising: tried, beside: Some(&self.in_use), tried: true }
            }
            Some(tried) => {
                let beside = self.first.is_empty().then_some(tried);
                Eyes { raising: &self.in_use, beside, tried: false }
            }
        }
    }
}

/// Where the choice stands; shared by the line and whoever replaces it.
#[derive(Debug)]
pub struct Shelf<C, T>(RwLock<Choice<C, T>>);

impl<C, T: PartialEq> Shelf<C, T> {
    /// One for all, to begin with.
    pub fn new(in_use: Arc<C>) -> Shelf<C, T> {
        Shelf(RwLock::new(Choice::only(in_use)))
    }

    /// For one window.
    pub fn now(&self) -> Choice<C, T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From the next window on.
    pub fn replace(&self, in_use: Arc<C>, tried: Option<Arc<C>>, first: Arc<[T]>) {
        let mut choice = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let turn = choice.turn + 1;
        *choice = Choice { turn, in_use, tried, first };
    }
}
