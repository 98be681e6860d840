//! Techniques of MITRE ATT&CK for ICS that a finding points to, from a data table.

use serde::Serialize;

/// The matrix that the identifiers are taken from.
pub const MATRIX: &str = "ics-attack 18.1";

const TABLE: &str = include_str!("techniques.tsv");

/// One technique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Technique {
    /// Its identifier.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The matrix and its version.
    pub matrix: &'static str,
}

/// The techniques that a finding of `kind` points to, about something that the table has under
/// `about`: `intent` and a word, or `sign` and a side.
pub(crate) fn of(kind: &str, about: (&str, &str)) -> impl Iterator<Item = Technique> {
    rows().filter_map(move |(when, technique)| {
        let applies = match when.split_once(':') {
            Some(("kind", name)) => name == kind,
            Some(about_that) => about_that == about,
            None => false,
        };
        applies.then_some(technique)
    })
}

fn rows() -> impl Iterator<Item = (&'static str, Technique)> {
    TABLE.lines().filter(|line| !line.starts_with('#')).skip(1).filter_map(|line| {
        let mut cells = line.split('\t');
        let (when, id, name) = (cells.next()?, cells.next()?, cells.next()?);
        Some((when, Technique { id, name, matrix: MATRIX }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_read() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(rows().count(), lines - 1);
        for (when, technique) in rows() {
            let forms = ["kind:", "intent:", "sign:"];
            assert!(forms.iter().any(|form| when.starts_with(form)), "{when}");
            assert!(technique.id.starts_with('T') && technique.id.len() == 5, "{technique:?}");
        }
    }

    #[test]
    fn a_rogue_write_is_a_rogue_master_and_an_unauthorized_command() {
        let ids: Vec<_> = of("new-writer", ("intent", "write")).map(|t| t.id).collect();
        assert_eq!(ids, ["T0848", "T0855"]);
    }
}
