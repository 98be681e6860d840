//! Captures for tests, as files.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use gridtap_captures::capture::Capture;
use gridtap_captures::file::{Pcap, Precision, pcap};
use gridtap_captures::frame::Endpoint;
use gridtap_captures::modbus::{mbap, request, response};
use gridtap_captures::session::Session;

use crate::run::{DEMO, workspace};

/// When made captures begin, in nanoseconds since 1970 UTC.
pub(crate) const START_NS: u64 = 1_700_000_000_000_000_000;
pub(crate) const MS: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1_000 * MS;

/// A capture as the octets of a pcap file.
pub(crate) fn octets(capture: &Capture) -> Vec<u8> {
    pcap(&Pcap { precision: Precision::Nano, ..Pcap::default() }, capture)
}

/// Writes a capture as a pcap file.
pub(crate) fn write(path: &Path, capture: &Capture) {
    fs::write(path, octets(capture)).unwrap();
}

/// The bundled capture, decompressed: a pcap file with the low octets first.
pub(crate) fn demo() -> Vec<u8> {
    zstd::decode_all(File::open(workspace().join(DEMO)).unwrap()).unwrap()
}

/// Two pcap files: the first `packets` packets of `whole`, and the rest.
pub(crate) fn cut_behind(whole: &[u8], packets: usize) -> (Vec<u8>, Vec<u8>) {
    const FILE_HEAD: usize = 24;
    const PACKET_HEAD: usize = 16;
    let mut at = FILE_HEAD;
    for _ in 0..packets {
        let kept = u32::from_le_bytes(whole[at + 8..at + 12].try_into().unwrap());
        at += PACKET_HEAD + usize::try_from(kept).unwrap();
    }
    (whole[..at].to_vec(), [&whole[..FILE_HEAD], &whole[at..]].concat())
}

/// A session of 10.0.0.`client` with the Modbus server 10.0.0.`server`, where each request has its answer.
///
/// It begins `START_NS` + `from_ns`, with an exchange every 100 ms.
pub(crate) fn exchanges(
    client: u8,
    server: u8,
    from_ns: u64,
    exchanges: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>,
) -> Capture {
    let mut at_ns = START_NS + from_ns;
    let mut session = Session::new(Endpoint::v4(client, 49_152), Endpoint::v4(server, 502));
    session.open(at_ns);
    for (transaction, (asked, answered)) in (1..).zip(exchanges) {
        at_ns += 100 * MS;
        session.client_sends(at_ns, &mbap(transaction, 1, &asked));
        session.server_sends(at_ns + 2 * MS, &mbap(transaction, 1, &answered));
        session.client_acks(at_ns + 3 * MS);
    }
    session.close(at_ns + 100 * MS);
    session.into_capture()
}

/// A read of two holding registers, and its answer.
pub(crate) fn poll() -> (Vec<u8>, Vec<u8>) {
    (request::read_holding_registers(0, 2), response::read_holding_registers(&[230, 230]))
}

/// A write of holding register 1, and its answer.
pub(crate) fn write_of(value: u16) -> (Vec<u8>, Vec<u8>) {
    (request::write_single_register(1, value), response::write_single_register(1, value))
}

/// A minute of polls, and then a write of what was never written.
pub(crate) fn odd() -> Capture {
    let mut acts = vec![poll(); 599];
    acts.push(write_of(2_500));
    exchanges(7, 9, 0, acts)
}

/// `octets`, compressed with gzip.
pub(crate) fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}
