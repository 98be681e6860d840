//! Cells gathered column by column, until they are a batch.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Float64Builder, Int64Builder, StringBuilder,
    TimestampNanosecondBuilder,
};
use arrow_array::{ArrayRef, ListArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType, Field as ArrowField, FieldRef, Fields, TimeUnit};

use super::column::{Cell, Field, Kind};

/// What an element of a list is called in the file.
const ELEMENT: &str = "element";

/// The cells of one column.
#[derive(Debug)]
pub(super) enum Cells {
    Int(Int64Builder),
    Real(Float64Builder),
    Flag(BooleanBuilder),
    Text(StringBuilder),
    Time(TimestampNanosecondBuilder),
    /// Where each row's list ends among the elements, and the elements.
    List(Vec<i32>, FieldRef, Box<Self>),
    /// The parts, and how many groups there are.
    Group(Fields, Vec<Self>, usize),
}

impl Cells {
    /// None yet.
    pub(super) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Int => Self::Int(Int64Builder::new()),
            Kind::Real => Self::Real(Float64Builder::new()),
            Kind::Flag => Self::Flag(BooleanBuilder::new()),
            Kind::Text => Self::Text(StringBuilder::new()),
            Kind::Time => Self::Time(TimestampNanosecondBuilder::new().with_timezone("UTC")),
            Kind::Ints | Kind::Texts | Kind::Groups(_) => {
                Self::List(vec![0], Arc::new(element(kind)), Box::new(Self::element(kind)))
            }
        }
    }

    fn element(kind: Kind) -> Self {
        match kind {
            Kind::Ints => Self::new(Kind::Int),
            Kind::Groups(fields) => {
                let parts = fields.iter().map(|field| Self::new(field.kind)).collect();
                Self::Group(fields.iter().map(arrow).collect(), parts, 0)
            }
            Kind::Texts | Kind::Int | Kind::Real | Kind::Flag | Kind::Text | Kind::Time => {
                Self::new(Kind::Text)
            }
        }
    }

    /// Adds a cell. One of another kind is null: the tables' own test finds it.
    pub(super) fn push(&mut self, cell: Cell<'_>) {
        match self {
            Self::Int(cells) => {
                cells.append_option(if let Cell::Int(number) = cell { Some(number) } else { None });
            }
            Self::Real(cells) => {
                cells.append_option(if let Cell::Real(number) = cell {
                    Some(number)
                } else {
                    None
                });
            }
            Self::Flag(cells) => {
                cells.append_option(if let Cell::Flag(flag) = cell { Some(flag) } else { None });
            }
            Self::Text(cells) => {
                cells.append_option(if let Cell::Text(text) = cell { Some(text) } else { None });
            }
            Self::Time(cells) => {
                cells.append_option(if let Cell::Time(ns) = cell { Some(ns) } else { None });
            }
            Self::List(ends, _, elements) => {
                if let Cell::List(list) = cell {
                    for element in list {
                        elements.push(element);
                    }
                }
                ends.push(i32::try_from(elements.len()).unwrap_or(i32::MAX));
            }
            Self::Group(_, parts, len) => {
                let values = if let Cell::Group(values) = cell { values } else { Vec::new() };
                let mut values = values.into_iter();
                for part in parts {
                    part.push(values.next().unwrap_or(Cell::Null));
                }
                *len = len.saturating_add(1);
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Int(cells) => cells.len(),
            Self::Real(cells) => cells.len(),
            Self::Flag(cells) => cells.len(),
            Self::Text(cells) => cells.len(),
            Self::Time(cells) => cells.len(),
            Self::List(ends, ..) => ends.len().saturating_sub(1),
            Self::Group(_, _, len) => *len,
        }
    }

    /// Takes what was gathered.
    pub(super) fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Int(cells) => Arc::new(cells.finish()),
            Self::Real(cells) => Arc::new(cells.finish()),
            Self::Flag(cells) => Arc::new(cells.finish()),
            Self::Text(cells) => Arc::new(cells.finish()),
            Self::Time(cells) => Arc::new(cells.finish()),
            Self::List(ends, field, elements) => {
                let ends = core::mem::replace(ends, vec![0]);
                let offsets = OffsetBuffer::new(ends.into());
                Arc::new(ListArray::try_new(Arc::clone(field), offsets, elements.take()?, None)?)
            }
            Self::Group(fields, parts, len) => {
                let arrays = parts.iter_mut().map(Self::take).collect::<Result<_, _>>()?;
                let len = core::mem::take(len);
                let fields = fields.clone();
                Arc::new(StructArray::try_new_with_length(fields, arrays, None, len)?)
            }
        })
    }
}

/// A field as it stands in the file, with what it means.
pub(super) fn arrow(field: &Field) -> ArrowField {
    let about = HashMap::from([("about".to_owned(), field.about.to_owned())]);
    let list = matches!(field.kind, Kind::Ints | Kind::Texts | Kind::Groups(_));
    ArrowField::new(field.name, data_type(field.kind), !list).with_metadata(about)
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Int => DataType::Int64,
        Kind::Real => DataType::Float64,
        Kind::Flag => DataType::Boolean,
        Kind::Text => DataType::Utf8,
        Kind::Time => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
        Kind::Ints | Kind::Texts | Kind::Groups(_) => DataType::List(Arc::new(element(kind))),
    }
}

fn element(kind: Kind) -> ArrowField {
    let of = match kind {
        Kind::Ints => DataType::Int64,
        Kind::Groups(fields) => DataType::Struct(fields.iter().map(arrow).collect()),
        Kind::Texts | Kind::Int | Kind::Real | Kind::Flag | Kind::Text | Kind::Time => {
            DataType::Utf8
        }
    };
    ArrowField::new(ELEMENT, of, false)
}
