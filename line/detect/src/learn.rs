//! Measures on real events how often the rules' gates would open: [`Program::train`] then chooses better ones.

use crate::fast::BatchRoute;
use crate::program::Program;
use crate::record::EventRecord;
use crate::routes::{Route, Router, passes_of};
use std::collections::HashMap;
use std::sync::Arc;
use wardwatch_event::{EventBatch, Parsed};
use wardwatch_predicate::program::{Learner, Training};

/// Looks at events that are not evaluated. Some hundreds of each kind are enough.
pub struct Lesson<'p> {
    program: &'p Program,
    learner: Learner,
    routes: HashMap<Vec<u32>, Arc<Route>>,
}

impl<'p> Lesson<'p> {
    /// For the rules of this program.
    #[must_use]
    pub fn new(program: &'p Program) -> Lesson<'p> {
        Lesson { program, learner: Learner::new(&program.set), routes: HashMap::new() }
    }

    /// Looks at the events of a batch.
    pub fn look(&mut self, batch: &EventBatch) {
        let program = self.program;
        let names = program.spellings.resolve(batch);
        let mut router = Router::new(program);
        let mut routes: Vec<(Vec<u32>, BatchRoute)> = Vec::new();
        let mut groups = Vec::new();
        for event in batch.events().filter(|event| event.head().parsed != Parsed::Poison) {
            router.groups_of(&EventRecord::new(event, &names, None), event, &mut groups);
            let at = match routes.iter().position(|(known, _)| *known == groups) {
                Some(at) => at,
                None => {
                    let learner = &mut self.learner;
                    let made = || Arc::new(passes_of(program, &groups, &mut |rules| learner.pass(rules)));
                    let route = Arc::clone(self.routes.entry(groups.clone()).or_insert_with(made));
                    routes.push((groups.clone(), BatchRoute::new(program, &names, batch, route)));
                    routes.len() - 1
                }
            };
            let Some((_, route)) = routes.get(at) else { continue };
            for (number, pass) in route.route.passes.iter().enumerate() {
                let record = EventRecord::new(event, &names, pass.map(program));
                let (engine, state) = self.learner.parts();
                route.show(engine, number, &record, event, state);
                self.learner.end(&pass.pass);
            }
        }
    }

    /// What was measured.
    #[must_use]
    pub fn training(&self) -> Training {
        self.learner.training()
    }
}
