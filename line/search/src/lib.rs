//! A question becomes a plan, a plan becomes rows.
//!
//! The plan names columns and tests, never a tenant, a file or a word of SQL: whose rows are searched comes from the
//! context alone, below the text, so that nothing an analyst types can reach somebody else's. Runs nothing itself; an
//! engine behind [`QueryEngine`] does.

mod answer;
mod bars;
mod fault;
mod field;
mod plan;
mod ports;
mod row_record;

pub use answer::{Answer, AnswerColumn, Cell, Scanned};
pub use bars::Bars;
pub use fault::SearchFault;
pub use field::{Access, NativeNames, NoNativeNames, columns_of, resolve};
pub use plan::{Asked, Figure, Instants, Place, SearchPlan, Step, Test, plan};
pub use ports::QueryEngine;
pub use row_record::RowRecord;
