//! The loop's body of this stage: a window of batches to alerts, committed with the cursor they complete.

use crate::evaluate::evaluate;
use crate::ports::{AlertBook, BookFault};
use crate::program::Program;
use std::sync::{Arc, PoisonError, RwLock};
use wardwatch_event::EventBatch;
use wardwatch_finding::{Alert, Origin};
use wardwatch_ident::Cursor;

/// Detection with its program and its book. Several workers may share one.
pub struct Station {
    program: RwLock<Arc<Program>>,
    book: Arc<dyn AlertBook>,
}

/// What a window gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Alerts, in the order of the events.
    pub alerts: Vec<Alert>,
    /// How many of them a device raised.
    pub from_devices: usize,
    /// Events looked at.
    pub events: usize,
}

impl Station {
    /// Starts with this program.
    pub fn new(program: Arc<Program>, book: Arc<dyn AlertBook>) -> Station {
        Station { program: RwLock::new(program), book }
    }

    /// The program in use.
    pub fn program(&self) -> Arc<Program> {
        Arc::clone(&self.program.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a new program; a window that is being worked on ends with the old one.
    pub fn replace(&self, program: Arc<Program>) {
        *self.program.write().unwrap_or_else(PoisonError::into_inner) = program;
    }

    /// Where detection stands.
    ///
    /// # Errors
    /// What the book says.
    pub fn cursor(&self) -> Result<Cursor, BookFault> {
        self.book.cursor()
    }

    /// The alerts of a window, not committed. One program for the whole window.
    #[must_use]
    pub fn look(&self, batches: &[EventBatch]) -> Window {
        let program = self.program();
        let mut window = Window::default();
        for batch in batches {
            window.events += batch.len();
            window.alerts.extend(evaluate(&program, batch));
        }
        window.from_devices = window.alerts.iter().filter(|alert| alert.origin == Origin::Device).count();
        window
    }

    /// Looks at the lines in `(after, through]` and commits what was found with the cursor, all or none.
    ///
    /// # Errors
    /// [`BookFault::Conflict`]: another worker was first; nothing was written, read again from where the book stands.
    pub async fn work(&self, after: Cursor, through: Cursor, batches: &[EventBatch]) -> Result<Window, BookFault> {
        let window = self.look(batches);
        self.book.commit(after, through, &window.alerts).await?;
        Ok(window)
    }
}
