//! Which rules are there, and what became of each: texts to compiled rules and a listing that leaves nothing out.

use crate::tenant_rules::{Own, TenantWishes, filters_of};
use serde::Serialize;
use std::collections::HashMap;
use wardwatch_predicate::Place;
use wardwatch_predicate::sigma::{
    About, Added, Compiler, Deferred, Document, Filter, Placeholders, Refused, Rule, RuleSet, Status, read_rules,
};

/// Rules of one or several folders, compiled.
#[derive(Debug, Default)]
pub struct Rules {
    /// What can be evaluated.
    pub set: RuleSet,
    /// Every document, in the order read; active rules stand in the order of the set.
    pub listing: Vec<Listed>,
    /// Correlations with their places in the listing; they are put together when the rules are routed.
    pub correlations: Vec<(usize, Deferred)>,
    pub(crate) own: Own,
}

/// One document of a rule file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The file as the caller named it.
    pub path: String,
    /// Where in it, from 1: the document, or what is wrong with it.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// The rule's id, if it got that far.
    pub id: Option<String>,
    /// The rule's title, if it got that far.
    pub title: Option<String>,
    /// What became of it.
    pub state: RuleState,
    /// Why it is not active; empty if it is.
    pub reason: String,
    /// What its author should look at.
    pub remarks: Vec<String>,
}

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleState {
    /// Evaluated.
    Active,
    /// Read and understood, not evaluated: a placeholder without a value, a status, no route.
    Inactive,
    /// A correlation that waits for the rules it names to be routed.
    Deferred,
    /// A filter, applied to the rules it names.
    Filter,
    /// Not loaded.
    Refused,
}

impl Rules {
    /// Reads and compiles rule files given as (name, bytes). Nothing is dropped silently: see [`Rules::listing`].
    pub fn load<'f>(files: impl IntoIterator<Item = (&'f str, &'f [u8])>, placeholders: Placeholders) -> Rules {
        Rules::load_for(files, placeholders, &[])
    }

    /// [`Rules::load`] with what single tenants say about the rules.
    pub fn load_for<'f>(
        files: impl IntoIterator<Item = (&'f str, &'f [u8])>,
        placeholders: Placeholders,
        wishes: &[TenantWishes],
    ) -> Rules {
        let mut read = Vec::new();
        let mut filters = Vec::new();
        for (path, bytes) in files {
            for document in read_rules(bytes) {
                if let Ok(Document::Filter(filter)) = &document {
                    filters.push((**filter).clone());
                }
                read.push((path, document));
            }
        }
        let mut loader = Loader {
            compiler: Compiler::new(placeholders),
            filters,
            ids: HashMap::new(),
            correlations: Vec::new(),
            waiting: Vec::new(),
        };
        let take = |(at, (path, document))| loader.take(at, path, document);
        let mut listing: Vec<Listed> = read.into_iter().enumerate().map(take).collect();
        let own = loader.own(wishes, &mut listing);
        Rules { set: loader.compiler.finish(), listing, correlations: loader.correlations, own }
    }

    /// How many documents are in this state.
    #[must_use]
    pub fn count(&self, state: RuleState) -> usize {
        self.listing.iter().filter(|listed| listed.state == state).count()
    }
}

struct Loader {
    compiler: Compiler,
    filters: Vec<Filter>,
    /// Where each id was seen first.
    ids: HashMap<String, String>,
    correlations: Vec<(usize, Deferred)>,
    /// Rules without a value for a placeholder, with their places in the listing: a tenant may have one.
    waiting: Vec<(usize, Rule)>,
}

impl Loader {
    /// Compiles what tenants have of their own, behind everything else.
    fn own(&mut self, wishes: &[TenantWishes], listing: &mut [Listed]) -> Own {
        let mut own = Own::default();
        for wish in wishes {
            let (filters, refused) = filters_of(wish);
            own.refused.extend(refused.into_iter().map(|why| (wish.tenant, why)));
            self.compiler.fill(wish.placeholders.clone());
            for filter in filters {
                match self.compiler.add_narrow(&filter) {
                    Ok(Some(number)) => own.narrows.push((wish.tenant, filter, number)),
                    Ok(None) => {
                        own.refused.push((wish.tenant, format!("{}: a placeholder has no value", filter.about.title)))
                    }
                    Err(fault) => own.refused.push((wish.tenant, format!("{}: {fault}", filter.about.title))),
                }
            }
            for (at, rule) in &self.waiting {
                let number = self.compiler.len();
                if let Ok(Added::Active) = self.compiler.add(rule, &self.filters) {
                    own.rules.push((wish.tenant, number));
                    if let Some(listed) = listing.get_mut(*at) {
                        listed.remarks.push(format!("active for tenant {}, whose sets have the values", wish.tenant));
                    }
                }
            }
        }
        own
    }

    fn take(&mut self, at: usize, path: &str, document: Result<Document, Refused>) -> Listed {
        match document {
            Ok(Document::Rule(rule)) => self.rule(at, path, &rule),
            Ok(Document::Filter(filter)) => {
                let remarks = filter.remarks.iter().map(|r| format!("{}: {}", r.place, r.remark)).collect();
                Listed { remarks, ..listed(path, filter.place, Some(&filter.about), RuleState::Filter, String::new()) }
            }
            Ok(Document::Correlation(deferred)) => self.correlation(at, path, *deferred),
            Err(refused) => Listed {
                id: refused.id,
                title: refused.title,
                ..listed(path, refused.fault.place, None, RuleState::Refused, refused.fault.reason)
            },
        }
    }

    fn rule(&mut self, at: usize, path: &str, rule: &Rule) -> Listed {
        let (place, state, reason) = self.compile(at, path, rule);
        let remarks = rule.remarks.iter().map(|r| format!("{}: {}", r.place, r.remark)).collect();
        Listed { remarks, ..listed(path, place, Some(&rule.about), state, reason) }
    }

    fn correlation(&mut self, at: usize, path: &str, deferred: Deferred) -> Listed {
        let (place, about) = (deferred.place, deferred.about.clone());
        if let Some(first) = self.ids.get(&about.id) {
            return listed(path, place, Some(&about), RuleState::Refused, again(first));
        }
        self.ids.insert(about.id.clone(), path.to_owned());
        let reason = deferred.reason.clone();
        self.correlations.push((at, deferred));
        listed(path, place, Some(&about), RuleState::Deferred, reason)
    }

    fn compile(&mut self, at: usize, path: &str, rule: &Rule) -> (Place, RuleState, String) {
        let about = &rule.about;
        if let Some(first) = self.ids.get(&about.id) {
            return (rule.place, RuleState::Refused, again(first));
        }
        match about.status {
            Status::Deprecated => return (rule.place, RuleState::Inactive, "its status is deprecated".to_owned()),
            Status::Unsupported => return (rule.place, RuleState::Inactive, "its status is unsupported".to_owned()),
            Status::Stable | Status::Test | Status::Experimental => {}
        }
        self.ids.insert(about.id.clone(), path.to_owned());
        match self.compiler.add(rule, &self.filters) {
            Ok(Added::Active) => (rule.place, RuleState::Active, String::new()),
            Ok(Added::Inactive { place, reason }) => {
                self.waiting.push((at, rule.clone()));
                (place, RuleState::Inactive, reason)
            }
            Err(fault) => (fault.place, RuleState::Refused, fault.reason),
        }
    }
}

fn again(first: &str) -> String {
    format!("its id stands in {first} already: give it one of its own")
}

fn listed(path: &str, place: Place, about: Option<&About>, state: RuleState, reason: String) -> Listed {
    Listed {
        path: path.to_owned(),
        line: place.line,
        column: place.column,
        id: about.map(|about| about.id.clone()),
        title: about.map(|about| about.title.clone()),
        state,
        reason,
        remarks: Vec::new(),
    }
}
