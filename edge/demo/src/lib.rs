//! The demo: three hospitals that do not exist, what their devices write, and the processes that send it.
//!
//! Lines are a pure function of hospital, source, second, seed and time; the supervisor feeds them to `wardwatch send`
//! (and rsyslog, where it is installed) through pipes. Nothing here parses, stores or serves.

mod cast;
mod fault;
mod lines;
mod memory;
mod moment;
mod play;
mod rsyslog;
mod stage;
mod story;

pub use cast::{Device, HOSPITALS, Hospital, Source, Way};
pub use fault::DemoFault;
pub use lines::lines;
pub use memory::Memory;
pub use play::{Played, play};
pub use rsyslog::Rsyslog;
pub use stage::{Ask, Carrier, Flow, Stage, forget, prepare};
pub use story::{ROUND_SECONDS, Step, steps};
