//! Why a search gave no answer.

/// What went wrong, in words for whoever asked; the cause is for the log.
#[derive(thiserror::Error, Debug)]
pub enum SearchFault {
    /// No such dataset.
    #[error("no dataset `{0}`: use `events`, `quarantine` or `alerts`")]
    Dataset(String),
    /// No such field in a dataset whose fields are all known.
    #[error("no field `{field}` in dataset `{dataset}`: there are {known}")]
    Field {
        /// What was asked for.
        field: String,
        /// Where.
        dataset: String,
        /// What there is.
        known: String,
    },
    /// A time that does not exist or cannot be read.
    #[error("`{0}` is no time: write 24h, 2026-11-25 or 2026-11-25T08:00:00+08:00")]
    Time(String),
    /// The range ends before it begins.
    #[error("the time range ends before it begins: swap its ends")]
    EmptyRange,
    /// A figure that cannot be made of this field.
    #[error("`{figure}` needs numbers, but `{field}` holds {holds}")]
    Figure {
        /// Which figure.
        figure: &'static str,
        /// Of which field.
        field: String,
        /// What it holds.
        holds: &'static str,
    },
    /// It took too long.
    #[error("the search was ended after {0} s: narrow the time range or add a term")]
    TooSlow(u64),
    /// It needed too much memory.
    #[error("the search needs more memory than all searches may take together: narrow it, or group by fewer values")]
    TooLarge,
    /// The caller no longer waits.
    #[error("the search was given up before it began: its time was over")]
    TooLate,
    /// This reader, or all of them together, have as many searches waiting as may.
    #[error("too many searches wait already: try again in a moment")]
    TooMany,
    /// The lake or the engine failed.
    #[error("the search failed: {0}")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}
