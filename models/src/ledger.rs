//! What was learned: counts with provenance.

/// Everything that was learned.
#[derive(Clone, Debug, Default)]
pub struct Ledger {}
