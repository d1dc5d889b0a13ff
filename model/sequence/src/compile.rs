//! Correlation documents to a set that can be evaluated: names become numbers, and what cannot hold is refused.
//!
//! A correlation that is refused takes those with it that stand on it, each with its own reason; the others go on.

use crate::calendar::Calendar;
use crate::rule_names::RuleNames;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use wardwatch_ident::Zone;
use wardwatch_limits::{CORRELATION_DEPTH, CORRELATION_DISTINCT};
use wardwatch_predicate::Place;
use wardwatch_predicate::sigma::{
    About, Correlation, CorrelationKind, DeclaredGroups, Deferred, FieldAlias, Limits, Named, RuleFault, Status,
};

/// Correlations, ready to be evaluated. Immutable; one for all tenants.
#[derive(Debug, Default)]
pub struct Correlations {
    pub(crate) rules: Vec<Compiled>,
    /// Which references a rule over single events is looked at by: (correlation, reference).
    pub(crate) by_rule: HashMap<u32, Vec<(usize, usize)>>,
    /// Those that others stand on come first.
    pub(crate) order: Vec<usize>,
    fields: Vec<String>,
    silent: HashMap<u32, bool>,
}

/// A document that is not evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotLoaded {
    /// Its place in the list that was given.
    pub document: usize,
    /// Its status says that it is not to be used; otherwise it was refused.
    pub inactive: bool,
    /// Where and why.
    pub fault: RuleFault,
}

/// One correlation.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub about: About,
    pub kind: CorrelationKind,
    pub span_micros: i64,
    pub limits: Limits,
    pub percentile: f64,
    pub mode: Mode,
    pub references: Vec<Reference>,
    pub group_names: Vec<String>,
    /// How many events or values decide: a group need not hold more.
    pub enough: usize,
    /// Correlations that stand on this one: (correlation, reference).
    pub parents: Vec<(usize, usize)>,
    /// Its alerts are given; false where it is only a part of others.
    pub speaks: bool,
    /// What must be equal for its state to be kept after a change: kind, group-by, timespan, and what slots mean.
    pub shape: [u8; 16],
}

/// When a correlation is looked at.
#[derive(Debug)]
pub(crate) enum Mode {
    /// At each event: only `gt` and `gte`.
    Reached,
    /// When the window that its first event opened has ended.
    Closing,
    /// When a window over declared groups has ended.
    Declared(DeclaredWindow),
}

#[derive(Debug)]
pub(crate) struct DeclaredWindow {
    pub groups: DeclaredGroups,
    pub calendar: Calendar,
    /// The reference that must have been seen meanwhile.
    pub meanwhile: Option<usize>,
}

/// A rule that is looked at, and where its events carry what is needed.
#[derive(Debug)]
pub(crate) struct Reference {
    pub source: Source,
    /// Fields by number for a rule; positions in its group for a correlation.
    pub group: Vec<usize>,
    pub value: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Rule(u32),
    Correlation(usize),
}

impl Correlations {
    /// Puts correlations together. `rules` are the rules over single events that are evaluated.
    ///
    /// The second half says for each document that is missing from the first why it is: unknown or ambiguous rules,
    /// an alias without a field for a rule, circles, chains deeper than five, a group that can never be filled.
    #[must_use]
    pub fn compile(documents: &[Deferred], rules: &RuleNames) -> (Correlations, Vec<NotLoaded>) {
        let mut not_loaded = Vec::new();
        let mut alive: Vec<usize> = Vec::new();
        for (document, deferred) in documents.iter().enumerate() {
            let status = match deferred.about.status {
                Status::Deprecated => Some("its status is deprecated"),
                Status::Unsupported => Some("its status is unsupported"),
                Status::Stable | Status::Test | Status::Experimental => None,
            };
            match status {
                Some(why) => not_loaded.push(NotLoaded { document, inactive: true, fault: fault(deferred.place, why) }),
                None => alive.push(document),
            }
        }
        // Each round takes out what cannot be built from what is left, until a round finds nothing.
        loop {
            let refused = refused(documents, &alive, rules);
            if refused.is_empty() {
                break;
            }
            alive.retain(|document| !refused.iter().any(|gone| gone.document == *document));
            not_loaded.extend(refused);
        }
        not_loaded.sort_by_key(|gone| gone.document);
        (build(documents, &alive, rules), not_loaded)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What the correlation with this number says about itself.
    #[must_use]
    pub fn about(&self, correlation: usize) -> Option<&About> {
        self.rules.get(correlation).map(|rule| &rule.about)
    }

    /// The fields that hits are asked for; [`crate::FieldName::number`] is the place in this list.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// Does any correlation look at this rule? If not, its hits need not be handed in.
    #[must_use]
    pub fn looks_at(&self, rule: u32) -> bool {
        self.by_rule.contains_key(&rule)
    }

    /// This rule gives no alerts of its own: a correlation names it, and none of them says `generate: true`.
    #[must_use]
    pub fn silences(&self, rule: u32) -> bool {
        self.silent.get(&rule).copied().unwrap_or(false)
    }
}

fn fault(place: Place, reason: impl Into<String>) -> RuleFault {
    RuleFault { place, reason: reason.into() }
}

/// The document among those alive that a name stands for.
fn document_of(documents: &[Deferred], alive: &[usize], name: &str) -> Vec<usize> {
    let known = |document: &&usize| {
        let about = documents.get(**document).map(|deferred| &deferred.about);
        about.is_some_and(|about| about.id == name || about.name.as_deref() == Some(name))
    };
    alive.iter().filter(known).copied().collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Rule(u32),
    Document(usize),
}

fn target(documents: &[Deferred], alive: &[usize], rules: &RuleNames, named: &Named) -> Result<Target, RuleFault> {
    let name = &named.name;
    let several =
        || Err(fault(named.place, format!("several rules are called `{name}`: name the one meant by its id")));
    match (rules.find(name), document_of(documents, alive, name).as_slice()) {
        (Some(Some(rule)), []) => Ok(Target::Rule(rule)),
        (None, [document]) => Ok(Target::Document(*document)),
        (None, []) => {
            let reason =
                format!("no rule that is evaluated has the name or id `{name}`: correct it, or load that rule");
            Err(fault(named.place, reason))
        }
        _ => several(),
    }
}

/// What cannot be built from the documents that are alive.
fn refused(documents: &[Deferred], alive: &[usize], rules: &RuleNames) -> Vec<NotLoaded> {
    let mut refused = Vec::new();
    for &document in alive {
        let Some(deferred) = documents.get(document) else { continue };
        let checked = unique(documents, alive, document, deferred)
            .and_then(|()| depth(documents, alive, rules, deferred, &mut vec![document]).map(|_| ()))
            .and_then(|()| check(documents, alive, rules, &deferred.correlation));
        if let Err(fault) = checked {
            refused.push(NotLoaded { document, inactive: false, fault });
        }
    }
    refused
}

fn unique(documents: &[Deferred], alive: &[usize], document: usize, deferred: &Deferred) -> Result<(), RuleFault> {
    match document_of(documents, alive, &deferred.about.id).first() {
        Some(first) if *first < document => Err(fault(
            deferred.place,
            format!("the id `{}` is another correlation's, too: change it", deferred.about.id),
        )),
        _ => Ok(()),
    }
}

/// Every rule that a correlation looks at, the one it asks for meanwhile last.
fn looked_at(correlation: &Correlation) -> impl Iterator<Item = &Named> {
    correlation.rules.iter().chain(correlation.absence.iter().filter_map(|absence| absence.meanwhile.as_ref()))
}

/// How many correlations stand on each other up to this one; `path` finds circles.
fn depth(
    documents: &[Deferred],
    alive: &[usize],
    rules: &RuleNames,
    deferred: &Deferred,
    path: &mut Vec<usize>,
) -> Result<usize, RuleFault> {
    let mut deepest = 1;
    for named in looked_at(&deferred.correlation) {
        let Ok(Target::Document(next)) = target(documents, alive, rules, named) else { continue };
        if path.contains(&next) {
            return Err(fault(named.place, format!("`{}` stands on itself in a circle: break it", named.name)));
        }
        if path.len() >= CORRELATION_DEPTH {
            let reason = format!("more than {CORRELATION_DEPTH} correlations stand on each other: shorten the chain");
            return Err(fault(named.place, reason));
        }
        let Some(inner) = documents.get(next) else { continue };
        path.push(next);
        deepest = deepest.max(1 + depth(documents, alive, rules, inner, path)?);
        path.pop();
    }
    Ok(deepest)
}

fn check(documents: &[Deferred], alive: &[usize], rules: &RuleNames, read: &Correlation) -> Result<(), RuleFault> {
    if let Some(daily) = read.absence.as_ref().and_then(|absence| absence.daily.as_ref()) {
        Zone::parse(&daily.zone.name).map_err(|error| fault(daily.zone.place, error.to_string()))?;
    }
    let find = |named: &Named| target(documents, alive, rules, named).ok();
    let mut seen: Vec<Target> = Vec::new();
    for named in looked_at(read) {
        let found = target(documents, alive, rules, named)?;
        if seen.contains(&found) {
            return Err(fault(named.place, format!("`{}` is a rule that is named already: name it once", named.name)));
        }
        seen.push(found);
        let meanwhile = seen.len() > read.rules.len();
        let values = read.fields.iter().filter(|_| !meanwhile);
        for field in read.group_by.iter().chain(values) {
            let Some(own) = field_in(&find, read, found, field) else {
                let place =
                    read.aliases.iter().find(|a| a.alias.name == field.name).map_or(field.place, |a| a.alias.place);
                let reason = format!("the alias `{}` has no field for the rule `{}`: add it", field.name, named.name);
                return Err(fault(place, reason));
            };
            let Target::Document(document) = found else { continue };
            let group_by =
                documents.get(document).map(|inner| inner.correlation.group_by.as_slice()).unwrap_or_default();
            if !group_by.iter().any(|known| known.name == own) {
                let reason = format!(
                    "`{own}` is not in the `group-by` of the correlation `{}`, whose alerts carry nothing else: add it \
                     there",
                    named.name
                );
                return Err(fault(field.place, reason));
            }
        }
    }
    for alias in &read.aliases {
        for (rule, _) in &alias.fields {
            let of_none = match target(documents, alive, rules, rule) {
                Ok(found) => !seen.contains(&found),
                Err(_) => true,
            };
            if of_none {
                let reason = format!("the alias names `{}`, which `rules` does not: correct or remove it", rule.name);
                return Err(fault(rule.place, reason));
            }
        }
    }
    Ok(())
}

/// What a field or alias is called in the events of a rule; none for an alias that does not say.
fn field_in<'d>(
    find: &dyn Fn(&Named) -> Option<Target>,
    read: &'d Correlation,
    of: Target,
    field: &'d Named,
) -> Option<&'d str> {
    match read.aliases.iter().find(|alias| alias.alias.name == field.name) {
        None => Some(&field.name),
        Some(FieldAlias { fields, .. }) => {
            fields.iter().find(|(rule, _)| find(rule) == Some(of)).map(|(_, field)| field.as_str())
        }
    }
}

fn build(documents: &[Deferred], alive: &[usize], rules: &RuleNames) -> Correlations {
    let mut built = Correlations::default();
    let mut spoken_for: HashMap<usize, bool> = HashMap::new();
    for deferred in alive.iter().filter_map(|document| documents.get(*document)) {
        let correlation = built.rules.len();
        let read = &deferred.correlation;
        let find = |named: &Named| target(documents, alive, rules, named).ok();
        let mut references = Vec::new();
        for named in looked_at(read) {
            let Ok(found) = target(documents, alive, rules, named) else { continue };
            let meanwhile = references.len() >= read.rules.len();
            let own = |field: &Named| field_in(&find, read, found, field).unwrap_or_default().to_owned();
            let group: Vec<String> = read.group_by.iter().map(own).collect();
            let value: Vec<String> = read.fields.iter().filter(|_| !meanwhile).map(own).collect();
            let reference = match found {
                Target::Rule(rule) => {
                    built.by_rule.entry(rule).or_default().push((correlation, references.len()));
                    let silent = built.silent.entry(rule).or_insert(true);
                    *silent &= !read.generate;
                    let numbers = |names: Vec<String>, fields: &mut Vec<String>| {
                        names.into_iter().map(|name| number_of(fields, name)).collect()
                    };
                    let group = numbers(group, &mut built.fields);
                    Reference { source: Source::Rule(rule), group, value: numbers(value, &mut built.fields) }
                }
                Target::Document(document) => {
                    let place = alive.iter().position(|other| *other == document).unwrap_or(usize::MAX);
                    let silent = spoken_for.entry(place).or_insert(true);
                    *silent &= !read.generate;
                    let inner = documents.get(document).map(|inner| inner.correlation.group_by.as_slice());
                    let inner = inner.unwrap_or_default();
                    let place_of = |name: &String| inner.iter().position(|known| known.name == *name).unwrap_or(0);
                    let group = group.iter().map(place_of).collect();
                    let value = value.iter().map(place_of).collect();
                    Reference { source: Source::Correlation(place), group, value }
                }
            };
            references.push(reference);
        }
        built.rules.push(compiled(deferred, references));
    }
    for correlation in 0..built.rules.len() {
        let sources: Vec<(usize, Source)> = built
            .rules
            .get(correlation)
            .into_iter()
            .flat_map(|rule| rule.references.iter().map(|r| r.source).enumerate())
            .collect();
        for (reference, source) in sources {
            if let Source::Correlation(inner) = source
                && let Some(inner) = built.rules.get_mut(inner)
            {
                inner.parents.push((correlation, reference));
            }
        }
        if let Some(rule) = built.rules.get_mut(correlation) {
            rule.speaks = !spoken_for.get(&correlation).copied().unwrap_or(false);
        }
    }
    built.order = in_order(&built.rules);
    built
}

fn number_of(fields: &mut Vec<String>, name: String) -> usize {
    fields.iter().position(|known| *known == name).unwrap_or_else(|| {
        fields.push(name);
        fields.len() - 1
    })
}

fn compiled(deferred: &Deferred, references: Vec<Reference>) -> Compiled {
    let read = &deferred.correlation;
    let mode = match &read.absence {
        Some(absence) => Mode::Declared(DeclaredWindow {
            groups: absence.groups.clone(),
            calendar: Calendar::new(absence.daily.as_ref(), read.timespan_secs),
            meanwhile: absence.meanwhile.as_ref().map(|_| read.rules.len()),
        }),
        None if read.limits.is_reached() => Mode::Reached,
        None => Mode::Closing,
    };
    let greatest = read.limits.greatest() as usize;
    let enough = match (&mode, read.kind.counts()) {
        (_, false) => 0,
        (Mode::Reached, true) => (1..=greatest + 1).find(|n| read.limits.hold(*n as f64)).unwrap_or(1),
        (Mode::Closing | Mode::Declared(_), true) => greatest + 1,
    };
    Compiled {
        about: deferred.about.clone(),
        kind: read.kind,
        span_micros: i64::try_from(read.timespan_secs).unwrap_or(i64::MAX).saturating_mul(1_000_000),
        limits: read.limits.clone(),
        percentile: read.percentile.map_or(50.0, |percent| percent.get()),
        references,
        group_names: read.group_by.iter().map(|field| field.name.clone()).collect(),
        enough,
        parents: Vec::new(),
        speaks: true,
        shape: shape(read, matches!(mode, Mode::Closing)),
        mode,
    }
}

impl Compiled {
    /// Values beyond those counted exactly matter to it.
    pub(crate) fn estimates(&self) -> bool {
        self.enough > CORRELATION_DISTINCT
    }
}

fn shape(read: &Correlation, closing: bool) -> [u8; 16] {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    part(read.kind.word());
    part(&read.timespan_secs.to_string());
    part(if closing { "closing" } else { "" });
    read.group_by.iter().for_each(|field| part(&field.name));
    part("slots");
    if matches!(read.kind, CorrelationKind::Temporal | CorrelationKind::TemporalOrdered) {
        read.rules.iter().for_each(|rule| part(&rule.name));
    }
    if let Some(absence) = &read.absence {
        part(&format!("{:?}", absence.daily.as_ref().map(|d| (d.from_minute, d.to_minute, &d.zone.name, d.days))));
    }
    let mut shape = [0; 16];
    shape.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    shape
}

/// Those that others stand on first. There are no circles any more.
fn in_order(rules: &[Compiled]) -> Vec<usize> {
    let mut order = Vec::with_capacity(rules.len());
    while order.len() < rules.len() {
        let before = order.len();
        for (at, rule) in rules.iter().enumerate() {
            let ready = rule.references.iter().all(|reference| match reference.source {
                Source::Correlation(inner) => order.contains(&inner),
                Source::Rule(_) => true,
            });
            if ready && !order.contains(&at) {
                order.push(at);
            }
        }
        if order.len() == before {
            break;
        }
    }
    order
}
