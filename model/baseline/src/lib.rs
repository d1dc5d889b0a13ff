//! What is usual for an entity: facts with numbers, never alerts.
