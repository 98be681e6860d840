//! The ledger as people think of it: who commands what.

use super::store::Ledger;

impl Ledger {
    /// What was learned, for reading in a terminal.
    #[must_use]
    pub fn show(&self) -> String {
        String::new()
    }
}
