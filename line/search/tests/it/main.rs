//! Plans and answers, without an engine.

mod planning;
mod rendering;
