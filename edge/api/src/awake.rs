//! Which rules are awake: what the desk says of a hospital's rules, and the control socket's `POST /coverage`.
//!
//! A rule is *alive* where its events arrive with what it needs, *blind* where they do not, *broken* where it would not
//! fire whatever comes. What is blind is put together by what is missing, for that is what somebody can do something about.

use crate::Desk;
use crate::data::tenants;
use crate::fault::Fault;
use serde::{Deserialize, Serialize};
use wardwatch_access::{FleetScope, OpContext};
use wardwatch_ident::Timestamp;
use wardwatch_limits::COVERAGE_RULES;

/// How a rule is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Awake {
    /// Its events arrive, with the fields and tables it needs.
    Alive,
    /// It cannot fire for this hospital: something does not arrive.
    Blind,
    /// It cannot fire for anybody: it was lost on its canary, or set aside.
    Broken,
    /// Nothing is known of it.
    #[default]
    Unknown,
}

/// What a blind rule lacks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// No event of a log source.
    Source,
    /// No event of the log source has the field.
    Field,
    /// The hospital has not filled the table.
    Table,
}

/// Something that is missing, and what it would wake.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Missing {
    /// What kind of thing.
    pub lack: Lack,
    /// Name of the route, the field, or the table (`sets/vip`).
    pub name: String,
    /// Rules that are blind for want of it.
    pub rules: u64,
    /// Packs whose events would bring it, `vendor/product`; for a field those of its log source.
    pub brought_by: Vec<String>,
}

/// One rule.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct RuleAwake {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How it is.
    pub state: Awake,
    /// Why, where it is not alive.
    pub why: Option<String>,
    /// The names of the routes on which it is evaluated.
    pub routes: Vec<String>,
    /// Events that its routes saw.
    pub events: u64,
    /// Reception of the last of them.
    pub last_event: Option<Timestamp>,
    /// Events it held for.
    pub matches: u64,
    /// Reception of the last of them.
    pub last_match: Option<Timestamp>,
    /// Events it did not fire for because the hospital's data did not say.
    pub unknown: u64,
}

/// One hospital.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct TenantAwake {
    /// Short name.
    pub tenant: String,
    /// Rules that are alive.
    pub alive: u64,
    /// Rules that are blind.
    pub blind: u64,
    /// Rules that are broken.
    pub broken: u64,
    /// Rules of which nothing is known.
    pub unknown: u64,
    /// Rules that the hospital has turned off; they are in no other figure.
    pub off: u64,
    /// What is missing, what would wake most rules first.
    pub missing: Vec<Missing>,
    /// The rules, as far as they were asked for.
    pub rules: Vec<RuleAwake>,
}

/// The last look at all rules with their canaries.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct CanariesSent {
    /// When.
    pub at: Timestamp,
    /// Rules that fired on theirs.
    pub fired: u64,
    /// Rules for which none can be made, with the reason: id and why.
    pub not_made: Vec<(String, String)>,
    /// Rules that did not fire on theirs: id and where it was lost.
    pub lost: Vec<(String, String)>,
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct AwakeReport {
    /// None before the first look of this run, a minute after the start.
    pub canaries: Option<CanariesSent>,
    /// The hospitals in reach, in the configuration's order.
    pub tenants: Vec<TenantAwake>,
    /// Rules that are left out of this answer for want of room.
    pub cut: u64,
}

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AwakeQuestion {
    /// Short name of a hospital; none: all in reach.
    #[serde(default)]
    tenant: Option<String>,
    /// The rule with this id, or whose title has this text.
    #[serde(default)]
    rule: Option<String>,
    /// Rules that are so.
    #[serde(default)]
    state: Option<Awake>,
    /// Each rule, not only the figures.
    #[serde(default)]
    rules: bool,
}

impl AwakeQuestion {
    fn wants(&self, rule: &RuleAwake) -> bool {
        let named = |text: &String| rule.id == *text || rule.title.to_lowercase().contains(&text.to_lowercase());
        self.state.is_none_or(|state| rule.state == state) && self.rule.as_ref().is_none_or(named)
    }

    fn lists(&self) -> bool {
        self.rules || self.rule.is_some() || self.state.is_some()
    }
}

/// Answers within the context's reach.
pub(crate) async fn answer(
    desk: &dyn Desk,
    cx: &OpContext<FleetScope>,
    question: &AwakeQuestion,
) -> Result<AwakeReport, Fault> {
    let mut report = AwakeReport { canaries: desk.canaries().await?, ..AwakeReport::default() };
    let mut room = COVERAGE_RULES;
    let mut found = question.rule.is_none();
    for scope in tenants(&cx.scope, question.tenant.as_deref())? {
        let mut tenant = desk.awake(&cx.with_scope(scope)).await?;
        if question.lists() {
            tenant.rules.retain(|rule| question.wants(rule));
        } else {
            tenant.rules.clear();
        }
        found |= !tenant.rules.is_empty();
        report.cut += tenant.rules.len().saturating_sub(room) as u64;
        tenant.rules.truncate(room);
        room -= tenant.rules.len();
        report.tenants.push(tenant);
    }
    if found { Ok(report) } else { Err(Fault::not_found()) }
}
