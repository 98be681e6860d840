//! `modbus_detailed.log`: a request with its answer in one line.

use gridtap_parsers::modbus::{Adu, Bits, Body, MeiType, Registers, Request, Response};

use super::log::MODBUS_DETAILED;
use super::modbus::{Linked, tid};
use super::row::{Cell, Row};
use super::{Head, names};
use crate::describe::Pair;

/// A line of `modbus_detailed.log`: a request with its answer, as far as there are both.
#[derive(Clone, Debug)]
pub(in crate::view) struct Detailed {
    pub(super) head: Head,
    tid: Option<u16>,
    unit: u8,
    func: String,
    address: Option<u16>,
    quantity: Option<u64>,
    request_values: Option<Vec<u16>>,
    response_values: Option<Vec<u16>>,
    link: Option<String>,
    matched: Option<bool>,
    request_subfunction: Option<String>,
    response_subfunction: Option<String>,
    request_data: Option<Vec<u8>>,
    response_data: Option<Vec<u8>>,
    exception: Option<String>,
    mei_type: Option<String>,
}

/// Adds the line of a message to `rows`, if it is complete; hands it back if it has to wait.
pub(super) fn rows(
    message: &Linked<'_>,
    pair: Pair,
    first: Option<Detailed>,
    rows: &mut Vec<Row>,
) -> Option<Detailed> {
    let Linked { adu, head, link } = message;
    let function = adu.function.code();
    let refused = matches!(adu.body, Body::Exception(_));
    if !is_paired(function) || (refused && first.is_none()) {
        let mut line = Detailed::new(adu, head, refused);
        line.take(adu);
        rows.push(line.row());
        return None;
    }
    let answered = first.is_some();
    let mut line = first.unwrap_or_else(|| Detailed::new(adu, head, false));
    if matches!(function, 22 | 23 | 43) {
        line.link = line.link.or_else(|| link.clone());
    }
    line.take(adu);
    if !answered && matches!(pair, Pair::Asks(_)) {
        return Some(line);
    }
    line.matched = Some(answered);
    if answered {
        line.head.ours = line.head.ours.with_answer(&head.ours);
    }
    rows.push(line.row());
    None
}

/// Whether ICSNPP shows request and answer of a function as one line. Of all others it shows each
/// message as a line that says no more than the function.
const fn is_paired(function: u8) -> bool {
    matches!(function, 1..=6 | 8 | 15 | 16 | 20..=24 | 43)
}

impl Detailed {
    fn new(adu: &Adu<'_>, head: &Head, refused: bool) -> Self {
        Self {
            head: head.clone(),
            tid: tid(adu),
            unit: adu.unit,
            func: names::modbus_function(adu.function.code(), refused).into_owned(),
            address: None,
            quantity: None,
            request_values: None,
            response_values: None,
            link: None,
            matched: None,
            request_subfunction: None,
            response_subfunction: None,
            request_data: None,
            response_data: None,
            exception: None,
            mei_type: None,
        }
    }

    /// Adds what a message says, first the request.
    fn take(&mut self, adu: &Adu<'_>) {
        match &adu.body {
            // Only of these functions ICSNPP says more.
            Body::Request(request) if is_paired(adu.function.code()) => self.request(adu, request),
            Body::Response(response) if is_paired(adu.function.code()) => {
                self.response(adu, response);
            }
            Body::Exception(code) => self.exception = Some(names::exception(*code).into_owned()),
            Body::Request(_) | Body::Response(_) | Body::Unread(_) => {}
        }
    }

    fn request(&mut self, adu: &Adu<'_>, request: &Request<'_>) {
        match *request {
            Request::Read { address, quantity } => {
                (self.address, self.quantity) = (Some(address), Some(quantity.into()));
            }
            Request::WriteSingle { address, value } => {
                (self.address, self.quantity) = (Some(address), Some(1));
                self.request_values = Some(vec![single(adu, value)]);
            }
            Request::WriteCoils { address, quantity, values } => {
                (self.address, self.quantity) = (Some(address), Some(quantity.into()));
                self.request_values = Some(bits(values));
            }
            Request::WriteRegisters { address, quantity, values } => {
                (self.address, self.quantity) = (Some(address), Some(quantity.into()));
                self.request_values = Some(values.iter().collect());
            }
            Request::MaskWrite { address, .. } | Request::ReadFifo { address } => {
                self.address = Some(address);
            }
            Request::ReadFile { areas } => self.quantity = Some(many(areas.iter().count())),
            Request::WriteFile { writes } => self.quantity = Some(many(writes.iter().count())),
            Request::Diagnostics { sub_function, data } => {
                self.request_subfunction =
                    Some(names::diagnostic(sub_function.code()).into_owned());
                self.request_data = Some(data.to_vec());
            }
            Request::ReadDeviceId { .. } => self.mei(MeiType::ReadDeviceIdentification),
            Request::Encapsulated { mei, .. } => self.mei(mei),
            // Its values are in the log of its own.
            Request::ReadWrite { .. } | Request::Bare | Request::Umas { .. } => {}
        }
    }

    fn response(&mut self, adu: &Adu<'_>, response: &Response<'_>) {
        match *response {
            Response::ReadBits { values } => self.bits_read(values),
            Response::ReadRegisters { values } if adu.function.code() != 23 => {
                self.quantity = self.quantity.or_else(|| Some(many(values.len())));
                self.response_values = Some(values.iter().collect());
            }
            Response::Fifo { values } => {
                self.quantity = Some(many(values.len()));
                self.response_values = (!values.is_empty()).then(|| values.iter().collect());
            }
            Response::WriteSingle { address, value } => {
                (self.address, self.quantity) = (Some(address), Some(1));
                self.response_values = Some(vec![single(adu, value)]);
            }
            Response::WriteMultiple { address, quantity } => {
                self.address = self.address.or(Some(address));
                self.quantity = self.quantity.or_else(|| Some(quantity.into()));
            }
            Response::MaskWrite { address, .. } => self.address = self.address.or(Some(address)),
            Response::ReadFile { blocks } => {
                self.response_data = records(blocks.iter().map(|values| {
                    let length = many(values.octets().len()).saturating_add(1);
                    data_record(&format!("file_len={length}, ref_type=6"), values)
                }));
            }
            Response::WriteFile { writes } => {
                self.response_data = records(writes.iter().map(|write| {
                    let (file, record) = (write.area.file, write.area.record);
                    let area = format!("file_num={file}, record_num={record}");
                    let length = write.area.length;
                    let start = format!("ref_type=6, {area}, word_count={length}");
                    data_record(&start, write.values)
                }));
            }
            Response::Diagnostics { sub_function, data } => {
                let name = names::diagnostic(sub_function.code()).into_owned();
                self.response_subfunction = Some(name);
                self.response_data = Some(data.to_vec());
            }
            Response::DeviceId { .. } => self.mei(MeiType::ReadDeviceIdentification),
            Response::Encapsulated { mei, .. } => self.mei(mei),
            Response::ReadRegisters { .. }
            | Response::ExceptionStatus { .. }
            | Response::EventCounter { .. }
            | Response::EventLog { .. }
            | Response::ServerId { .. }
            | Response::Umas { .. } => {}
        }
    }

    /// The bits that were asked for, and those that fill the last octet up.
    fn bits_read(&mut self, values: Bits<'_>) {
        let all = bits(values);
        let asked = self.quantity.and_then(|quantity| usize::try_from(quantity).ok());
        let (asked, spare) = all.split_at(asked.unwrap_or(all.len()).min(all.len()));
        self.quantity = self.quantity.or_else(|| Some(many(all.len())));
        self.response_values = Some(asked.to_vec());
        if !spare.is_empty() {
            let spare: Vec<_> = spare.iter().map(u16::to_string).collect();
            self.response_data = Some(spare.join(",").into_bytes());
        }
    }

    fn mei(&mut self, mei: MeiType) {
        let name = match mei {
            MeiType::CanOpen => "CANopen".to_owned(),
            MeiType::ReadDeviceIdentification => "Read Device Identification".to_owned(),
            MeiType::Unknown(code) => {
                format!("invalid encapsulated interface transport mei-(0x{code:02x})")
            }
        };
        self.mei_type = match self.mei_type.take() {
            Some(before) if before != name => Some(format!("{before} and {name}")),
            _ => Some(name),
        };
    }

    /// The line of a request that no answer came to.
    pub(super) fn unanswered(mut self) -> Row {
        self.matched = Some(false);
        self.row()
    }

    fn row(self) -> Row {
        let text = |text: Option<String>| text.map(|text| Cell::Text(text.into_bytes().into()));
        let octets = |octets: Option<Vec<u8>>| octets.map(|octets| Cell::Text(octets.into()));
        let row = self
            .head
            .start(&MODBUS_DETAILED)
            .maybe(self.tid.map(|tid| Cell::Count(tid.into())))
            .count(self.unit)
            .text(self.func)
            .maybe(self.address.map(|address| Cell::Count(address.into())))
            .maybe(self.quantity.map(Cell::Count))
            .maybe(self.request_values.map(Cell::Counts))
            .maybe(self.response_values.map(Cell::Counts))
            .maybe(text(self.link))
            .maybe(self.matched.map(Cell::Bool))
            .maybe(text(self.request_subfunction))
            .maybe(text(self.response_subfunction))
            .maybe(octets(self.request_data))
            .maybe(octets(self.response_data))
            .maybe(text(self.exception))
            .maybe(text(self.mei_type));
        self.head.ours.close(row)
    }
}

/// A value written to one coil, as 0 or 1, or to one register.
fn single(adu: &Adu<'_>, value: u16) -> u16 {
    if adu.function.code() == 5 { u16::from(value != 0) } else { value }
}

fn bits(values: Bits<'_>) -> Vec<u16> {
    values.iter().map(u16::from).collect()
}

fn many(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// File records as Zeek prints a record, one after the other.
fn records(each: impl Iterator<Item = Vec<u8>>) -> Option<Vec<u8>> {
    let all: Vec<_> = each.collect();
    (!all.is_empty()).then(|| all.join(&b" | "[..]))
}

fn data_record(start: &str, values: Registers<'_>) -> Vec<u8> {
    let mut text = format!("[{start}, record_data=").into_bytes();
    text.extend_from_slice(values.octets());
    text.push(b']');
    text
}
