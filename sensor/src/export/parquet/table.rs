//! A table that is written to a Parquet file, a batch of rows at a time.

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::build::{Cells, arrow};
use super::column::Column;
use crate::sink::{Finished, SinkError, begin};

/// Rows that are gathered before they are encoded.
const BATCH_ROWS: usize = 2_048;
/// Rows of a row group at most; memory ends most of them earlier.
const GROUP_ROWS: usize = 1 << 20;
/// How hard zstd tries: its own default.
const LEVEL: i32 = 3;

/// What rows of a table are made from.
pub(super) trait Row: Sized + 'static {
    /// What the table is called: its file is called so with `.parquet` behind it.
    const NAME: &'static str;
    /// Its columns.
    const COLUMNS: &'static [Column<Self>];
}

/// The table.
pub(super) struct Table<R: Row> {
    path: PathBuf,
    schema: SchemaRef,
    cells: Vec<Cells>,
    /// Rows in `cells`.
    gathered: usize,
    rows: u64,
    writer: ArrowWriter<BufWriter<std::fs::File>>,
    finished: Finished,
    row: core::marker::PhantomData<fn(R)>,
}

impl<R: Row> Table<R> {
    /// Begins the table's file in `folder`, which appears when it is [finished](Self::finish).
    pub(super) fn begin(folder: &Path) -> Result<Self, SinkError> {
        let path = file::<R>(folder);
        let failed = |source| SinkError { name: path.display().to_string(), source };
        let fields: Vec<_> = R::COLUMNS.iter().map(|column| arrow(&column.field)).collect();
        let schema = Arc::new(Schema::new(fields));
        let level = ZstdLevel::try_new(LEVEL).map_err(|error| failed(broken(error)))?;
        let told = [
            ("gridtap.schema", format!("gridtap.{}/1", R::NAME)),
            ("gridtap.version", env!("CARGO_PKG_VERSION").to_owned()),
        ];
        let told = told.map(|(key, value)| KeyValue::new(key.to_owned(), value)).to_vec();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_created_by(concat!("gridtap ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(Some(told))
            .build();
        let (file, finished) = begin(&path).map_err(failed)?;
        let file = BufWriter::new(file);
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))
            .map_err(|error| failed(broken(error)))?;
        let cells = R::COLUMNS.iter().map(|column| Cells::new(column.field.kind)).collect();
        let row = core::marker::PhantomData;
        Ok(Self { path, schema, cells, gathered: 0, rows: 0, writer, finished, row })
    }

    /// The file that has not got its name yet.
    pub(super) fn part(&self) -> Option<&Path> {
        self.finished.part()
    }

    /// Adds a row; whether a batch was encoded, so that memory may have grown.
    pub(super) fn push(&mut self, row: &R) -> Result<bool, SinkError> {
        for (cells, column) in self.cells.iter_mut().zip(R::COLUMNS) {
            cells.push((column.cell)(row));
        }
        self.gathered = self.gathered.saturating_add(1);
        self.rows = self.rows.saturating_add(1);
        if self.gathered < BATCH_ROWS {
            return Ok(false);
        }
        self.encode().map(|()| true)
    }

    /// Rows so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Octets that wait for their row group to end.
    pub(super) fn waiting_octets(&self) -> usize {
        self.writer.memory_size()
    }

    /// Ends the row group, so that nothing of it waits.
    pub(super) fn end_group(&mut self) -> Result<(), SinkError> {
        self.writer.flush().map_err(|error| self.failed(broken(error)))
    }

    fn encode(&mut self) -> Result<(), SinkError> {
        self.try_encode().map_err(|source| self.failed(source))
    }

    fn try_encode(&mut self) -> io::Result<()> {
        let arrays = self.cells.iter_mut().map(Cells::take).collect::<Result<Vec<_>, _>>();
        let options = RecordBatchOptions::new().with_row_count(Some(self.gathered));
        self.gathered = 0;
        let schema = Arc::clone(&self.schema);
        let batch = arrays
            .and_then(|arrays| RecordBatch::try_new_with_options(schema, arrays, &options))
            .map_err(bad)?;
        self.writer.write(&batch).map_err(broken)
    }

    /// Writes what is left; [`Written::commit`] then gives the file its name.
    pub(super) fn finish(mut self) -> Result<Written, SinkError> {
        if self.gathered > 0 {
            self.encode()?;
        }
        let Self { path, writer, finished, .. } = self;
        let closed = writer.into_inner().map_err(broken);
        let flushed =
            closed.and_then(|file| file.into_inner().map_err(io::IntoInnerError::into_error));
        match flushed {
            Ok(_) => Ok(Written { path, finished }),
            Err(source) => Err(SinkError { name: path.display().to_string(), source }),
        }
    }

    fn failed(&self, source: io::Error) -> SinkError {
        SinkError { name: self.path.display().to_string(), source }
    }
}

impl<R: Row> core::fmt::Debug for Table<R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Table").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A table all of which is written.
#[derive(Debug)]
#[must_use]
pub(super) struct Written {
    path: PathBuf,
    finished: Finished,
}

impl Written {
    /// Gives the file its name.
    pub(super) fn commit(self) -> Result<(), SinkError> {
        let name = self.path.display().to_string();
        self.finished.commit().map_err(|source| SinkError { name, source })
    }
}

/// Where the table is in `folder`.
pub(super) fn file<R: Row>(folder: &Path) -> PathBuf {
    folder.join(format!("{}.parquet", R::NAME))
}

/// What went wrong with the file underneath, if that is what it was.
fn broken(error: ParquetError) -> io::Error {
    if let ParquetError::External(inner) = error {
        return inner.downcast::<io::Error>().map_or_else(io::Error::other, |error| *error);
    }
    io::Error::other(error)
}

fn bad(error: ArrowError) -> io::Error {
    io::Error::other(error)
}
