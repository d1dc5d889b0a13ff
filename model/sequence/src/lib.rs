//! Correlations: hits of rules in a window of event time become one alert. No I/O and no clock of its own.
mod batch;
mod calendar;
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
pub use compile::{Correlations, NotLoaded};
pub use fired::{Fired, Said};
pub use hit::{FieldName, Hit, HitFields};
pub use rule_names::RuleNames;
pub use snapshot::{NotRestored, Saved};
pub use state::{Counts, NoSets, Placed, Promptness, Sets, Settings, State, lateness_of_sources};
