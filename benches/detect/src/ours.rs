//! Our side: lines parsed with their pack and evaluated, alerts kept.

use crate::events::{Batch, settings};
use crate::{clock, memory};
use std::collections::HashMap;
use std::sync::Arc;
use wardwatch_content::Library;
use wardwatch_detect::{Lesson, Program, RuleState, Rules, declared_by, evaluate};
use wardwatch_finding::Origin;
use wardwatch_pack::{Pack, PackFiles};
use wardwatch_parse::parse;
use wardwatch_predicate::program::Training;
use wardwatch_predicate::route::Taxonomy;
use wardwatch_predicate::sigma::LogSource;

/// Rules as the product runs them.
pub struct Ours {
    /// The program.
    pub program: Program,
    /// Ids of the rules that are evaluated.
    pub ids: HashMap<String, usize>,
    /// Megabytes that the program keeps.
    pub megabytes: f64,
    /// CPU seconds to load and compile.
    pub compile_seconds: f64,
    /// CPU seconds to learn how often atoms hold.
    pub train_seconds: f64,
    training: Training,
    everything: Arc<Pack>,
    make: Arc<dyn Fn() -> Program>,
}

/// What a side found in a batch.
pub struct Found {
    /// CPU seconds.
    pub seconds: f64,
    /// Row and rule id.
    pub matches: Vec<(u32, String)>,
}

impl Ours {
    /// As the product routes.
    pub fn build(texts: &[(String, String)], taxonomy: &Taxonomy) -> Self {
        let (packs, _) = Library::embedded().packs();
        let declared: Vec<_> = packs.iter().flat_map(|pack| declared_by(pack)).collect();
        let (texts, taxonomy) = (texts.to_vec(), taxonomy.clone());
        Self::made(Arc::new(move || Program::build(load(&texts), &taxonomy, &declared)))
    }

    /// Every rule on every event, fields by the rules' own names only.
    pub fn unrouted(texts: &[(String, String)]) -> Self {
        let mut sources: Vec<LogSource> = load(texts).set.rules.iter().map(|rule| rule.logsource.clone()).collect();
        sources.sort();
        sources.dedup();
        let mut text = String::new();
        for source in sources {
            text.push_str("[[route]]\nlogsource = {");
            let parts = [("product", source.product), ("category", source.category), ("service", source.service)];
            let named = parts.into_iter().filter_map(|(name, part)| Some(format!("{name} = {:?}", part?)));
            text.push_str(&named.collect::<Vec<_>>().join(", "));
            text.push_str("}\nto = [{source = {}}]\n");
        }
        let taxonomy = Taxonomy::read(&[("everything.toml", &text)]).expect("a taxonomy");
        let texts = texts.to_vec();
        Self::made(Arc::new(move || Program::build(load(&texts), &taxonomy, &[])))
    }

    fn made(make: Arc<dyn Fn() -> Program>) -> Self {
        let before = clock();
        let (program, megabytes) = memory::kept(|| make());
        let compile_seconds = clock() - before;
        let ids = active(&program).enumerate().map(|(at, id)| (id.to_owned(), at)).collect();
        let manifest = "pack = { id = 'bench/everything', title = 'Everything', format = 1 }\n\
                        input = { header = 'none' }\nbody = { kind = 'json' }\nsigma = { product = 'anything' }\n";
        let files = PackFiles::of("pack.toml", manifest);
        let everything = Arc::new(Pack::compile(&files).unwrap_or_else(|fault| panic!("{fault}")));
        Self {
            program,
            ids,
            megabytes,
            compile_seconds,
            train_seconds: 0.0,
            training: Training::default(),
            everything,
            make,
        }
    }

    /// The same with empty caches and counters.
    pub fn fresh(&self) -> Self {
        let mut program = (self.make)();
        program.train(&self.training);
        Self {
            program,
            ids: self.ids.clone(),
            training: self.training.clone(),
            everything: Arc::clone(&self.everything),
            make: Arc::clone(&self.make),
            ..*self
        }
    }

    /// Lets the program see events that are not timed; what counts is its own work, not the reading of them.
    pub fn train(&mut self, events: &[Batch]) {
        let mut lesson = Lesson::new(&self.program);
        for batch in events {
            let batch = batch.parsed();
            let before = clock();
            lesson.look(&batch);
            self.train_seconds += clock() - before;
        }
        let before = clock();
        self.training = lesson.training();
        let (program, training) = (&mut self.program, &self.training);
        program.train(training);
        self.train_seconds += clock() - before;
    }

    /// The pack under which every event is seen by every rule, with its own names.
    pub fn pack_of_everything(&self) -> &Arc<Pack> {
        &self.everything
    }

    /// How many rules are evaluated.
    pub fn active(&self) -> usize {
        self.ids.len()
    }

    /// CPU seconds of evaluating a batch that is read already.
    pub fn evaluate_seconds(&self, batch: &Batch) -> f64 {
        let parsed = batch.parsed();
        let before = clock();
        drop(std::hint::black_box(evaluate(&self.program, &parsed)));
        clock() - before
    }

    /// Parses and evaluates a batch.
    pub fn pass(&self, batch: &Batch) -> Found {
        let (lines, settings) = (batch.lines.clone(), settings());
        let before = clock();
        let parsed = parse(&batch.pack, lines, &settings);
        let alerts = evaluate(&self.program, &parsed);
        drop(parsed);
        let seconds = clock() - before;
        let first = batch.lines.first.seq();
        let rules = alerts.iter().filter(|alert| alert.origin == Origin::Rule);
        let found =
            rules.filter_map(|alert| Some(((alert.event.seq() - first) as u32, alert.rule.as_ref()?.id.clone())));
        Found { seconds, matches: found.collect() }
    }
}

fn active(program: &Program) -> impl Iterator<Item = &str> {
    let listed = program.listing().iter().filter(|listed| listed.state == RuleState::Active);
    listed.filter_map(|listed| listed.id.as_deref())
}

fn load(texts: &[(String, String)]) -> Rules {
    Rules::load(texts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())), Default::default())
}
