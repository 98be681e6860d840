//! The fields of a Modbus message.

use core::fmt::{self, Write};

use gridtap_parsers::modbus::{Adu, Bits, Body, Framing, FunctionCode, Request, Response};
use serde::Serialize;

use crate::describe::RequestNote;

/// The fields that Modbus has beyond those of every message.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Fields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) transaction: Option<u16>,
    pub(crate) unit: u8,
    pub(crate) function: u8,
    pub(crate) function_name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subfunction: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subfunction_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quantity: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) values: Option<Vec<u16>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) write_address: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) write_quantity: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) and_mask: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) or_mask: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exception: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exception_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status_value: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) event_count: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message_count: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) read_code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) object: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<Vec<DeviceObject>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Vec<FileArea>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    octets: Option<Hex<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_packet: Option<u64>,
}

/// One object of a device identification.
#[derive(Debug, Serialize)]
struct DeviceObject {
    id: u8,
    value: String,
}

/// One record of a file, or part of it.
#[derive(Debug, Default, Serialize)]
struct FileArea {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Vec<u16>>,
}

/// Octets that have no other form, as hex.
#[derive(Debug)]
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl Serialize for Hex<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'a> Fields<'a> {
    pub(super) fn new(adu: &Adu<'a>, request: Option<&RequestNote>) -> Self {
        let mut fields = Self {
            transaction: match adu.framing {
                Framing::Tcp { transaction } => Some(transaction),
                Framing::Rtu => None,
            },
            unit: adu.unit,
            function: adu.function.code(),
            function_name: adu.function.name(),
            ..Self::default()
        };
        // A response says what it answers: the address stands in the request alone.
        if let Some(note) = request {
            fields.request_packet = Some(note.packet);
            (fields.address, fields.quantity) = (note.address, note.quantity);
        }
        match &adu.body {
            Body::Request(request) => fields.request(adu.function, request),
            Body::Response(response) => fields.response(adu.function, response),
            Body::Exception(code) => {
                fields.exception = Some(code.code());
                fields.exception_name = Some(code.name());
            }
            Body::Unread([]) => {}
            Body::Unread(octets) => fields.octets = Some(Hex(octets)),
        }
        fields
    }

    fn request(&mut self, function: FunctionCode, request: &Request<'a>) {
        match *request {
            Request::Bare => {}
            Request::Read { address, quantity } => self.area(address, quantity),
            Request::WriteSingle { address, value } => self.single(function, address, value),
            Request::WriteCoils { address, quantity, values } => {
                self.area(address, quantity);
                self.values = Some(bits(values));
            }
            Request::WriteRegisters { address, quantity, values } => {
                self.area(address, quantity);
                self.values = Some(values.iter().collect());
            }
            Request::MaskWrite { address, and_mask, or_mask } => {
                self.mask(address, and_mask, or_mask);
            }
            Request::ReadWrite {
                read_address,
                read_quantity,
                write_address,
                write_quantity,
                values,
            } => {
                self.area(read_address, read_quantity);
                self.write_address = Some(write_address);
                self.write_quantity = Some(write_quantity);
                self.values = Some(values.iter().collect());
            }
            Request::ReadFifo { address } => self.address = Some(address),
            Request::ReadFile { areas } => {
                let file = |area: gridtap_parsers::modbus::FileArea| FileArea {
                    file: Some(area.file),
                    record: Some(area.record),
                    length: Some(area.length),
                    values: None,
                };
                self.files = Some(areas.iter().map(file).collect());
            }
            Request::WriteFile { writes } => self.written_files(writes),
            Request::Diagnostics { sub_function, data } => {
                self.sub(sub_function.code(), sub_function.name());
                self.octets = Some(Hex(data));
            }
            Request::ReadDeviceId { read_code, object } => {
                self.sub(14, "read_device_identification");
                (self.read_code, self.object) = (Some(read_code), Some(object));
            }
            Request::Encapsulated { mei, data } => {
                self.sub(u16::from(mei.code()), mei.name());
                self.octets = Some(Hex(data));
            }
            Request::Umas { code, data, .. } => {
                self.sub(u16::from(code.code()), code.name());
                self.octets = Some(Hex(data));
            }
        }
    }

    fn response(&mut self, function: FunctionCode, response: &Response<'a>) {
        match *response {
            Response::ReadBits { values } => {
                let values = self.quantity.map_or(values, |quantity| values.first(quantity));
                self.values = Some(bits(values));
            }
            Response::ReadRegisters { values } | Response::Fifo { values } => {
                self.values = Some(values.iter().collect());
            }
            Response::WriteSingle { address, value } => self.single(function, address, value),
            Response::WriteMultiple { address, quantity } => self.area(address, quantity),
            Response::MaskWrite { address, and_mask, or_mask } => {
                self.mask(address, and_mask, or_mask);
            }
            Response::ReadFile { blocks } => {
                let file = |values: gridtap_parsers::modbus::Registers<'_>| FileArea {
                    values: Some(values.iter().collect()),
                    ..FileArea::default()
                };
                self.files = Some(blocks.iter().map(file).collect());
            }
            Response::WriteFile { writes } => self.written_files(writes),
            Response::ExceptionStatus { status } => self.status_value = Some(u16::from(status)),
            Response::Diagnostics { sub_function, data } => {
                self.sub(sub_function.code(), sub_function.name());
                self.octets = Some(Hex(data));
            }
            Response::EventCounter { status, event_count } => {
                (self.status_value, self.event_count) = (Some(status), Some(event_count));
            }
            Response::EventLog { status, event_count, message_count, events } => {
                (self.status_value, self.event_count) = (Some(status), Some(event_count));
                self.message_count = Some(message_count);
                self.octets = Some(Hex(events));
            }
            Response::ServerId { data } => self.octets = Some(Hex(data)),
            Response::DeviceId { read_code, objects, .. } => {
                self.sub(14, "read_device_identification");
                self.read_code = Some(read_code);
                let object = |object: gridtap_parsers::modbus::DeviceObject<'_>| DeviceObject {
                    id: object.id,
                    value: String::from_utf8_lossy(object.value).into_owned(),
                };
                self.device_id = Some(objects.iter().map(object).collect());
            }
            Response::Encapsulated { mei, data } => {
                self.sub(u16::from(mei.code()), mei.name());
                self.octets = Some(Hex(data));
            }
            Response::Umas { code, data, .. } => {
                self.sub(u16::from(code.code()), code.name());
                self.octets = Some(Hex(data));
            }
        }
    }

    fn area(&mut self, address: u16, quantity: u16) {
        (self.address, self.quantity) = (Some(address), Some(quantity));
    }

    fn single(&mut self, function: FunctionCode, address: u16, value: u16) {
        self.address = Some(address);
        let coil = function == FunctionCode::WriteSingleCoil;
        self.values = Some(vec![if coil { u16::from(value != 0) } else { value }]);
    }

    fn mask(&mut self, address: u16, and_mask: u16, or_mask: u16) {
        self.address = Some(address);
        (self.and_mask, self.or_mask) = (Some(and_mask), Some(or_mask));
    }

    fn sub(&mut self, code: u16, name: &'static str) {
        (self.subfunction, self.subfunction_name) = (Some(code), Some(name));
    }

    fn written_files(&mut self, writes: gridtap_parsers::modbus::FileWrites<'_>) {
        let file = |write: gridtap_parsers::modbus::FileWrite<'_>| FileArea {
            file: Some(write.area.file),
            record: Some(write.area.record),
            length: Some(write.area.length),
            values: Some(write.values.iter().collect()),
        };
        self.files = Some(writes.iter().map(file).collect());
    }

    /// The part of a line for people.
    pub(super) fn text(&self) -> String {
        let mut text = format!("unit {} {} ({})", self.unit, self.function_name, self.function);
        if let Some(name) = self.subfunction_name {
            let _ = write!(text, " {name}");
        }
        if let Some(address) = self.address {
            let _ = write!(text, " address {address}");
        }
        if let Some(quantity) = self.quantity {
            let _ = write!(text, " quantity {quantity}");
        }
        if let Some(values) = &self.values {
            let _ = write!(text, " values {values:?}");
        }
        if let Some(name) = self.exception_name {
            let _ = write!(text, " exception {name}");
        }
        text
    }
}

fn bits(values: Bits<'_>) -> Vec<u16> {
    values.iter().map(u16::from).collect()
}
