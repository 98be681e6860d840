//! Messages made up, rather than octets.

use arbitrary::{Arbitrary as _, Unstructured};
use gridtap_captures::modbus::{mbap, rtu};
use gridtap_parsers::modbus::{self, Adu, Framing};
use gridtap_parsers::{Message, dnp3};

use crate::{encode, walk};

/// An arbitrary message says nothing that its octets do not, and what is encoded of it and read again without an error
/// makes the same octets.
pub fn messages(data: &[u8]) {
    let Ok(message) = Message::arbitrary(&mut Unstructured::new(data)) else { return };
    walk::message(&message, data.len());
    match message {
        Message::Modbus(adu) => modbus(&adu),
        Message::Dnp3(dnp3::Message::Fragment(said)) => {
            let (octets, headers) = encode::fragment_of(&said);
            let (again, _) = dnp3::fragment(said.link, &octets);
            let again = again.map(|again| encode::fragment_of(&again));
            assert_eq!(again, Some((octets, headers)), "{said:?}");
        }
        Message::Dnp3(dnp3::Message::Link(header)) => {
            assert!(header.frame_octets() <= dnp3::link::MAX_FRAME_OCTETS + 2, "{header:?}");
        }
    }
}

fn modbus(said: &Adu<'_>) {
    let pdu = encode::pdu_of(said);
    if pdu.len() > 253 {
        return;
    }
    let octets = match said.framing {
        Framing::Tcp { transaction } => mbap(transaction, said.unit, &pdu),
        Framing::Rtu => rtu(said.unit, &pdu),
    };
    let (again, error) = match said.framing {
        Framing::Tcp { .. } => modbus::adu(&octets, said.direction),
        Framing::Rtu => modbus::rtu(&octets, said.direction),
    };
    if let (Some(again), None) = (again, error) {
        assert_eq!((again.framing, again.unit), (said.framing, said.unit));
        assert_eq!(encode::pdu_of(&again), pdu, "{said:?}");
    }
}
