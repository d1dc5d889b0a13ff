//! Correlations: hits of rules in a window of event time become one alert, and so does the absence of what should be
//! there. All of specification 2.1: `event_count`, `value_count`, `temporal`, `temporal_ordered`, `value_sum`,
//! `value_avg`, `value_percentile`, `value_median`. No I/O, no clock of its own, and never an evaluation of single events.
//!
//! # Readings
//!
//! - A window slides over event time: `t - timespan < e <= t`. Events of one instant count in the order of reception.
//! - With `gt` and `gte` alone it is looked at for each event; the alert is of the event that makes it true, and the next
//!   one comes when the condition was false at an event in between, or the timespan has passed.
//! - With `lt`, `lte`, `eq` or `neq` it is looked at when the window has ended that its first event opened; then the next
//!   event opens another. That nothing was seen needs a list of what should be: see below.
//! - Groups are values with their letters folded. An event without a field of `group-by` belongs to none and is counted;
//!   each element of an array is a membership, at most 16. Without `group-by` the tenant is one group.
//! - An event that several of the rules found counts once in `event_count`; in `temporal` it may be what each looks for.
//! - `temporal_ordered` takes the chain that begins last. `percentile` is linear between ranks; `value_percentile` without
//!   it is refused, for it can be read in two ways. What is no number is left out and counted.
//! - `value_count` is exact to 1,024 values in a group, beyond that estimated (±1.6 %) and marked.
//! - A correlation's alert is an event of those that stand on it: it has the fields of its `group-by` and nothing else, at
//!   the time of its last event (of its window's end where it is looked at then).
//! - Rules that are named give no alerts of their own unless `generate: true` says so ([`Correlations::silences`]).
//!
//! # Order
//!
//! One time runs for each tenant: the latest event less the lateness (5 minutes, or what its slowest source needs). What is
//! older than that is *settled*: nothing can come in between any more, and what has been said of it is exactly what a run
//! over all events in order of time would say. Alerts are not kept back until then: they are said early, at the event that
//! makes them true. When an event comes late and changes that, an early alert is said again with other evidence, or
//! withdrawn because another covers it. So a reader sees an alert at once, and in the end the same alerts whatever order
//! lines came in. A stamp more than ten minutes ahead of its reception is taken at its reception and marked.
//!
//! # Absence
//!
//! `x-absence` under `correlation` says which groups there should be. Then a count of 0 means something:
//!
//! ```yaml
//! title: Backup did not run in its night
//! correlation:
//!   type: event_count
//!   rules: [backup_finished]
//!   group-by: [job]
//!   timespan: 8h                       # the length of the window
//!   condition: {lt: 1}                 # `lt: 3`: fewer than three
//!   x-absence:
//!     groups: [his-db, pacs-archive]   # or `set: backup_jobs`, which each tenant fills
//!     daily: {from: "22:00", to: "06:00", zone: Asia/Shanghai, days: [mon, tue, wed, thu, fri]}
//! ```
//!
//! ```yaml
//! title: Heartbeat lost while the host answers
//! correlation:
//!   type: event_count
//!   rules: [agent_heartbeat]
//!   group-by: [host]
//!   timespan: 10m
//!   condition: {lt: 1}
//!   x-absence:
//!     set: clinical_servers
//!     while: host_answers
//! ```
//!
//! With `daily` a window is judged once, when its end has passed, and each that lacks a group gives an alert. Without it
//! the last `timespan` is judged four times in each, and a silence is said once until the group is seen again. `while` names
//! a rule that must have been seen for the same group in both halves of the window: a host that went down or is just
//! starting is no lost heartbeat. Windows that began before the first event of the tenant are not judged. With several
//! fields in `group-by` an entry of `groups` is a list; without `group-by` neither `groups` nor `set` is needed. A tenant
//! without the set is counted and nothing is said to be missing. After a jump of the clock 31 days are made up for.
//!
//! # What the line does
//!
//! ```
//! use wardwatch_ident::{EventId, SourceId, TenantId, Timestamp};
//! use wardwatch_predicate::sigma::{About, Document, read_rules};
//! use wardwatch_sequence::{Correlations, Hit, NoSets, RuleNames, Said, Settings, State};
//!
//! let text = "title: Many failed logins\ncorrelation:\n  type: event_count\n  rules: [login_failed]\n  \
//!             group-by: [user]\n  timespan: 5m\n  condition: {gte: 3}\n";
//! let documents: Vec<_> = read_rules(text.as_bytes())
//!     .into_iter()
//!     .filter_map(|read| match read { Ok(Document::Correlation(document)) => Some(*document), _ => None })
//!     .collect();
//! // Which rules are evaluated, and the number each has there.
//! let mut names = RuleNames::default();
//! names.add(0, &About { id: "1".into(), name: Some("login_failed".into()), ..About::default() });
//! let (rules, refused) = Correlations::compile(&documents, &names);
//! assert!(refused.is_empty());
//!
//! // At the start: what was kept with the cursor of the checkpoint. Lines from there up to the cursor of detection are
//! // handed in once more and what is said is thrown away: it is in the book.
//! let kept = Vec::new();
//! let (mut state, lost) = State::restore(Settings::default(), &rules, &kept);
//! assert!(lost.is_empty());
//!
//! let (tenant, source) = (TenantId::from_slug("renmin"), SourceId(1));
//! for n in 0..3 {
//!     let time = Timestamp::from_secs(1_790_000_000 + n);
//!     // For each event, whether a rule held or not: time goes on by events.
//!     state.see(&rules, tenant, time, time);
//!     // For each rule that held.
//!     let fields = [("user", "Li")];
//!     let event = EventId(n as u128 + 1);
//!     state.take(&rules, &Hit { tenant, source, rule: 0, event, time, received: time, fields: &fields });
//! }
//! // Once a window of lines, before its commit: alerts, state and cursor go into one transaction.
//! let said = state.advance(&rules, &NoSets);
//! let [Said::Early(fired)] = said.as_slice() else { panic!("{said:?}") };
//! let alert = fired.alert(&rules).expect("its correlation");
//! assert_eq!((alert.title.as_str(), fired.group[0].1.as_str()), ("Many failed logins", "li"));
//! // Every ten seconds: the pieces that changed, in the transaction of the cursor they belong to.
//! let pieces = state.changed(&rules);
//! assert_eq!(pieces.len(), 2);
//! ```
//!
//! [`correlate`] does the same for a batch: it puts hits in order of time first.
//!
//! # Bounds
//!
//! All in `wardwatch_limits`: 100,000 groups of a correlation and tenant, bytes per tenant, values, numbers and hits of a
//! group, elements of arrays, events of evidence. The group whose last event is oldest is forgotten first; each is counted
//! and told as [`Said::Forgotten`]. Within the bounds nothing is approximate but what is marked so.

mod batch;
mod calendar;
mod canary;
mod codec;
mod compile;
mod declared;
mod distinct;
mod fired;
mod group;
mod group_key;
mod hit;
mod numbers;
mod part;
mod rule_names;
mod run;
mod snapshot;
mod state;
mod tenant;
mod value_hash;
mod window;

pub use batch::correlate;
pub use canary::NoCanary;
pub use compile::{Correlations, NotLoaded};
pub use fired::{Fired, Said};
pub use hit::{FieldName, Hit, HitFields};
pub use rule_names::RuleNames;
pub use snapshot::{NotRestored, Saved};
pub use state::{Counts, NoSets, Placed, Promptness, Sets, Settings, State, lateness_of_sources};
