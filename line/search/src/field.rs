//! What a field name means: a typed column, or a native name that stands in a column or in `unmapped`.
//!
//! A row of an older pack may hold under `unmapped` what a newer one maps, so a native name asks both: a pack's upgrade
//! hides nothing.

use crate::SearchFault;
use wardwatch_schema::{ALERT_COLUMNS, COLUMNS, Column, LINE_COLUMNS, dataset};

/// Where the values of a field are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Access {
    /// In one typed column.
    Column(&'static Column),
    /// In any of these columns (by the packs' maps), or under this key of `unmapped`.
    Native {
        /// The key, as the device writes it.
        key: String,
        /// Columns that hold it without loss in some pack's rows.
        columns: Vec<&'static Column>,
    },
}

/// What the loaded packs do with native names.
pub trait NativeNames: Send + Sync {
    /// The columns into which some pack maps a native name; column names as in the schema.
    fn columns(&self, native: &str) -> Vec<String>;
}

/// No packs: every native name is looked for under `unmapped` only.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoNativeNames;

impl NativeNames for NoNativeNames {
    fn columns(&self, _native: &str) -> Vec<String> {
        Vec::new()
    }
}

/// The searchable columns of a dataset, in their order; `None` if there is no such dataset.
pub fn columns_of(dataset: &str) -> Option<Vec<&'static Column>> {
    match dataset {
        dataset::EVENTS | dataset::QUARANTINE => Some(LINE_COLUMNS.iter().chain(COLUMNS).collect()),
        dataset::ALERTS => Some(ALERT_COLUMNS.iter().collect()),
        _ => None,
    }
}

/// What `name` means in `dataset`: our column of exactly this name, else the columns at this OCSF path, else a native name.
///
/// # Errors
/// [`SearchFault::Dataset`]; [`SearchFault::Field`] in dataset `alerts`, which has no native names.
pub fn resolve(dataset: &str, name: &str, natives: &dyn NativeNames) -> Result<Access, SearchFault> {
    let known = columns_of(dataset).ok_or_else(|| SearchFault::Dataset(dataset.to_owned()))?;
    if let Some(column) = known.iter().find(|column| column.name == name) {
        return Ok(Access::Column(column));
    }
    let at_path: Vec<&'static Column> =
        known.iter().copied().filter(|column| column.ocsf == name && name.contains('.')).collect();
    match at_path.as_slice() {
        [] => {}
        [one] => return Ok(Access::Column(one)),
        _ => return Ok(Access::Native { key: name.to_owned(), columns: at_path }),
    }
    let alike = || known.iter().copied().filter(|column| column.name.eq_ignore_ascii_case(name)).collect();
    if dataset == dataset::ALERTS {
        let alike: Vec<&'static Column> = alike();
        return alike.first().map(|column| Access::Column(column)).ok_or_else(|| SearchFault::Field {
            field: name.to_owned(),
            dataset: dataset.to_owned(),
            known: known.iter().map(|column| column.name).collect::<Vec<_>>().join(", "),
        });
    }
    let mapped = natives.columns(name);
    let mut columns: Vec<&'static Column> =
        known.iter().copied().filter(|column| mapped.iter().any(|name| name == column.name)).collect();
    if columns.is_empty() {
        columns = alike();
    }
    Ok(Access::Native { key: name.to_owned(), columns })
}
