//! Reads all that a message has to say, as whoever shows it would.

use gridtap_parsers::modbus::{Adu, Body, Request, Response};
use gridtap_parsers::{Message, dnp3};

/// Reads a message that came in so many octets; what it yields is bounded by them.
pub(crate) fn message(message: &Message<'_>, octets: usize) {
    match message {
        Message::Modbus(adu) => modbus(adu, octets),
        Message::Dnp3(message) => {
            let _ = (message.direction(), message.link().fault());
            if let dnp3::Message::Fragment(fragment) = message {
                objects(&fragment.objects, octets);
            }
        }
    }
}

/// Reads the objects of a fragment.
pub(crate) fn objects(objects: &dnp3::Objects<'_>, octets: usize) {
    let (mut headers, mut points) = (0_usize, 0_usize);
    for header in objects.headers() {
        headers += 1;
        for point in header.points() {
            points += 1;
            let _ = point.value.number();
        }
        let _ = header.count();
    }
    assert!(headers <= octets / 3, "{headers} headers in {octets} octets");
    assert!(points <= octets.saturating_mul(8), "{points} points in {octets} octets");
}

/// Reads the values of an ADU.
pub(crate) fn modbus(adu: &Adu<'_>, octets: usize) {
    let items = match adu.body {
        Body::Request(request) => match request {
            Request::WriteCoils { quantity, values, .. } => {
                assert!(values.len() <= usize::from(quantity));
                values.iter().count()
            }
            Request::WriteRegisters { values, .. } | Request::ReadWrite { values, .. } => {
                assert_eq!(values.len(), values.octets().len() / 2);
                values.iter().count()
            }
            Request::ReadFile { areas } => areas.iter().count(),
            Request::WriteFile { writes } => {
                writes.iter().map(|write| write.values.iter().count().max(1)).sum()
            }
            Request::Diagnostics { data, .. }
            | Request::Encapsulated { data, .. }
            | Request::Umas { data, .. } => data.len(),
            Request::Bare
            | Request::Read { .. }
            | Request::WriteSingle { .. }
            | Request::MaskWrite { .. }
            | Request::ReadFifo { .. }
            | Request::ReadDeviceId { .. } => 0,
        },
        Body::Response(response) => of_response(&response),
        Body::Exception(code) => usize::from(code.name().is_empty()),
        Body::Unread(octets) => octets.len(),
    };
    assert!(items <= octets.saturating_mul(8), "{items} items in {octets} octets");
}

fn of_response(response: &Response<'_>) -> usize {
    match response {
        Response::ReadBits { values } => values.iter().count(),
        Response::ReadRegisters { values } | Response::Fifo { values } => values.iter().count(),
        Response::ReadFile { blocks } => {
            blocks.iter().map(|block| block.iter().count().max(1)).sum()
        }
        Response::WriteFile { writes } => {
            writes.iter().map(|write| write.values.iter().count().max(1)).sum()
        }
        Response::Diagnostics { data, .. }
        | Response::ServerId { data }
        | Response::EventLog { events: data, .. }
        | Response::Encapsulated { data, .. }
        | Response::Umas { data, .. } => data.len(),
        Response::DeviceId { objects, .. } => objects.iter().count(),
        Response::WriteSingle { .. }
        | Response::WriteMultiple { .. }
        | Response::MaskWrite { .. }
        | Response::ExceptionStatus { .. }
        | Response::EventCounter { .. } => 0,
    }
}
