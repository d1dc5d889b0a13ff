//! Who runs a plan.
//!
//! | method | who calls | durable when |
//! |---|---|---|
//! | [`QueryEngine::run`] | the API and the command line, for one tenant | – (reads only) |

use crate::{Answer, SearchFault, SearchPlan};
use futures::future::BoxFuture;
use wardwatch_access::OpContext;

/// Runs search plans. Implemented by `engines/query-datafusion`.
pub trait QueryEngine: Send + Sync {
    /// Runs a plan over the context's tenant and nobody else. At most `wardwatch_limits::SEARCHES` run at once, the next
    /// wait; memory, rows, bytes and time are bounded. Dropping the future ends the search.
    ///
    /// # Errors
    /// [`SearchFault::TooSlow`], [`SearchFault::TooLarge`], [`SearchFault::TooLate`], [`SearchFault::Engine`].
    fn run<'a>(&'a self, cx: &'a OpContext, plan: &'a SearchPlan) -> BoxFuture<'a, Result<Answer, SearchFault>>;
}
