//! Techniques of MITRE ATT&CK for ICS that a finding points to, from a data table.

use std::sync::LazyLock;

use gridtap_models::event::Intent;
use serde::{Deserialize, Serialize};

use super::record::Word;

/// The matrix that the identifiers are taken from.
pub const MATRIX: &str = "ics-attack 18.1";

const TABLE: &str = include_str!("techniques.tsv");

/// The rows of the table: when a technique applies, and which it is.
static ROWS: LazyLock<Vec<(When, Technique)>> = LazyLock::new(|| rows().collect());

/// What makes a technique apply.
#[derive(Clone, Copy, Debug)]
enum When {
    /// The kind of finding.
    Kind(&'static str),
    /// What the act was meant to do.
    Intent(&'static str),
}

/// One technique.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Technique {
    /// Its identifier.
    pub id: Word,
    /// Its name.
    pub name: Word,
    /// The matrix and its version.
    pub matrix: Word,
    /// The identifier of what version 19 of the matrix merged it into, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Word>,
}

/// The techniques that a finding of `kind`, about an act of `intent`, points to.
pub(crate) fn of(kind: &str, intent: Option<Intent>) -> impl Iterator<Item = Technique> {
    ROWS.iter().filter_map(move |(when, technique)| {
        let applies = match when {
            When::Kind(name) => *name == kind,
            When::Intent(word) => intent.is_some_and(|intent| *word == intent.word()),
        };
        applies.then(|| technique.clone())
    })
}

fn rows() -> impl Iterator<Item = (When, Technique)> {
    TABLE.lines().filter(|line| !line.starts_with('#')).skip(1).filter_map(|line| {
        let mut cells = line.split('\t');
        let (when, id, name) = (cells.next()?, cells.next()?, cells.next()?);
        let merged = cells.next().filter(|merged| *merged != "-").map(Word::from);
        let when = match when.split_once(':')? {
            ("kind", name) => When::Kind(name),
            ("intent", word) => When::Intent(word),
            _ => return None,
        };
        let technique =
            Technique { id: id.into(), name: name.into(), matrix: MATRIX.into(), merged };
        Some((when, technique))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_read() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(ROWS.len(), lines - 1);
        for (_, technique) in ROWS.iter() {
            assert!(technique.id.starts_with('T') && technique.id.len() == 5, "{technique:?}");
        }
    }

    #[test]
    fn a_rogue_write_is_a_rogue_master_and_an_unauthorized_command() {
        let ids: Vec<_> = of("new-writer", Some(Intent::Write)).map(|t| t.id).collect();
        assert_eq!(ids, ["T0848", "T0855"]);
    }
}
