//! What an SQL statement of a database audit does: which tables it names, what it aggregates and groups, what kind it is,
//! how many rows it may give, and a hash that is the same for the same statement with other values.
//!
//! One pass over the text, linear, bounded, never failing: statements arrive cut, in four dialects, with comments and
//! text that is run. This crate is no SQL parser: it does not know whether a statement is valid, resolves no names and
//! never says what the rows are. Where the text leaves two readings open, the one that shows more tables is taken.
//!
//! ```
//! use wardwatch_statement::{Class, FieldValue, Statement};
//!
//! let s = Statement::read(
//!     "SELECT d.doctor_name, SUM(p.quantity) FROM his.prescription p, doctor d \
//!      WHERE p.doctor_id = d.id AND p.drug IN ('A1','B2') GROUP BY d.doctor_name",
//! );
//! assert_eq!(s.tables, ["prescription", "doctor"]);
//! assert_eq!((s.aggregates[0].as_str(), s.aggregated[0].as_str()), ("sum", "quantity"));
//! assert_eq!((s.grouped[0].as_str(), s.kinds[0].class()), ("doctor_name", Class::Read));
//!
//! let other = Statement::read("select d.doctor_name, sum(p.quantity) from his.prescription p, doctor d /* x */ \
//!      where p.doctor_id = d.id and p.drug in ('C3') group by d.doctor_name");
//! assert_eq!(s.hash(), other.hash());
//!
//! // Fields for rules, by name:
//! let mut tables = Vec::new();
//! s.each_field(&mut |name, value| {
//!     if let ("x-sql.tables", FieldValue::Text(table)) = (name, value) {
//!         tables.push(table);
//!     }
//! });
//! assert_eq!(tables, ["prescription", "doctor"]);
//! ```

mod keywords;
mod lexer;
mod normal;
mod reading;
mod statement;
mod words;

pub use statement::{Class, Dialect, FIELDS, FieldValue, Kind, Statement};
pub use words::AGGREGATES;
