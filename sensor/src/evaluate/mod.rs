//! Evaluate: detection measured against labels.
//!
//! ```text
//! labels ─► truth ─┐
//! captures ─► survey ─► pass: the line, a judge, and who watches it ─► measured ─► figures ─► report
//! ```
//!
//! [`truth`] says what belongs to an attack, [`watch`] what counts as found, [`figures`] what is made of it.

pub mod bounds;
pub mod budget;
pub mod disguise;
pub mod figures;
pub mod files;
pub mod labels;
pub mod marked;
pub mod measured;
pub mod mixture;
mod named;
pub mod page;
pub mod pass;
pub mod report;
pub mod spans;
pub mod survey;
pub mod text;
pub mod trivial;
pub mod truth;
pub mod watch;
