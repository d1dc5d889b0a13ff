//! Empty on purpose: what is proven here stands in `tests/it` and `golden`.
