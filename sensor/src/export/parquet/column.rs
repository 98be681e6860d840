//! Columns: what a table has, in which unit, and how a row fills it.

use core::fmt;
use std::borrow::Cow;
use std::net::IpAddr;

/// A column of a table whose rows are made from `R`.
pub(super) struct Column<R> {
    /// What it is called, and what it holds.
    pub(super) field: Field,
    /// A row's cell.
    pub(super) cell: for<'r> fn(&'r R) -> Cell<'r>,
}

/// A named thing with a value: a column, or a part of what a column holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What it means, for people. It stands in the file as well.
    pub(super) about: &'static str,
}

/// What a cell holds. Integers are 64 bits with a sign, as every reader has them; what has no value is null, but for
/// lists, which are empty.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A whole number.
    Int,
    /// Another number.
    Real,
    /// Yes or no.
    Flag,
    /// UTF-8.
    Text,
    /// Nanoseconds since 1970 UTC.
    Time,
    /// Whole numbers, in order.
    Ints,
    /// Texts, in order.
    Texts,
    /// Groups of values, in order.
    Groups(&'static [Field]),
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell<'r> {
    Null,
    Int(i64),
    Real(f64),
    Flag(bool),
    Text(Cow<'r, str>),
    /// Nanoseconds since 1970 UTC.
    Time(i64),
    /// Of [`Kind::Ints`], [`Kind::Texts`] or [`Kind::Groups`].
    List(Vec<Self>),
    /// One of [`Kind::Groups`]: its values in the order of the fields.
    Group(Vec<Self>),
}

impl<R> Column<R> {
    /// A column.
    pub(super) const fn new(
        name: &'static str,
        kind: Kind,
        about: &'static str,
        cell: for<'r> fn(&'r R) -> Cell<'r>,
    ) -> Self {
        Self { field: Field::new(name, kind, about), cell }
    }
}

impl Field {
    /// A field.
    pub(super) const fn new(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, kind, about }
    }
}

impl<R> fmt::Debug for Column<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.field.fmt(f)
    }
}

impl Cell<'_> {
    /// A capture time in nanoseconds since 1970 UTC; null past the year 2262, where the type ends.
    pub(super) fn time(ns: u64) -> Self {
        i64::try_from(ns).map_or(Self::Null, Self::Time)
    }

    /// A list of what each item makes.
    pub(super) fn list<T>(items: impl IntoIterator<Item = T>, cell: impl Fn(T) -> Self) -> Self {
        Self::List(items.into_iter().map(cell).collect())
    }

    /// A text of its own.
    pub(super) fn owned(text: impl fmt::Display) -> Self {
        Self::Text(Cow::Owned(text.to_string()))
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell<'_> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Null, Into::into)
    }
}

impl<'r> From<&'r str> for Cell<'r> {
    fn from(text: &'r str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'r> From<&'r String> for Cell<'r> {
    fn from(text: &'r String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<IpAddr> for Cell<'_> {
    fn from(address: IpAddr) -> Self {
        Self::owned(address)
    }
}

impl From<bool> for Cell<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<f64> for Cell<'_> {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<u64> for Cell<'_> {
    /// Null past 2⁶³, where no count and no octet of a capture comes.
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or(Self::Null, Self::Int)
    }
}

impl From<usize> for Cell<'_> {
    fn from(number: usize) -> Self {
        u64::try_from(number).map_or(Self::Null, Self::from)
    }
}

impl From<u8> for Cell<'_> {
    fn from(number: u8) -> Self {
        Self::Int(number.into())
    }
}

impl From<u16> for Cell<'_> {
    fn from(number: u16) -> Self {
        Self::Int(number.into())
    }
}

impl From<u32> for Cell<'_> {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}
