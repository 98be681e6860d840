//! A Modbus client or server for the live tests: `station server ADDRESS` or `station client ADDRESS`.
//!
//! The server answers reads of registers and echoes everything else, as writes are answered. The client sends each line
//! of its standard input, a PDU as `[05, 00, ff]`, and prints the PDU that comes back. Both say `ready` first.
#![expect(clippy::unwrap_used, reason = "whoever waits for a station sees that it ended")]
#![expect(clippy::print_stdout, reason = "that is how the test and its station talk")]
#![expect(clippy::disallowed_methods, reason = "the sensor never sends, its test stations do")]

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};

use gridtap_captures::modbus::{mbap, response};

/// Octets of the MBAP header, which ends in the unit identifier.
const HEADER: usize = 7;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, "server", address] => serve(address),
        [_, "client", address] => ask(address),
        _ => println!("want: station server|client ADDRESS"),
    }
}

fn serve(address: &str) {
    let listener = TcpListener::bind(address).unwrap();
    println!("ready");
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_nodelay(true).unwrap();
    while let Ok((transaction, request)) = receive(&mut stream) {
        let answer = match request[..] {
            [3, _, _, _, quantity] => {
                response::read_holding_registers(&vec![230; usize::from(quantity)])
            }
            _ => request,
        };
        stream.write_all(&mbap(transaction, 1, &answer)).unwrap();
    }
}

fn ask(address: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    println!("ready");
    for (transaction, line) in (1..).zip(io::stdin().lines()) {
        stream.write_all(&mbap(transaction, 1, &octets(&line.unwrap()))).unwrap();
        let (_, answer) = receive(&mut stream).unwrap();
        println!("{answer:02x?}");
    }
}

/// The next transaction identifier and PDU.
fn receive(stream: &mut TcpStream) -> io::Result<(u16, Vec<u8>)> {
    let mut header = [0; HEADER];
    stream.read_exact(&mut header)?;
    let [t0, t1, _, _, l0, l1, _unit] = header;
    let mut pdu = vec![0; usize::from(u16::from_be_bytes([l0, l1])).saturating_sub(1)];
    stream.read_exact(&mut pdu)?;
    Ok((u16::from_be_bytes([t0, t1]), pdu))
}

/// The octets of a line as `[05, 00, ff]`.
fn octets(line: &str) -> Vec<u8> {
    let octets = line.trim_matches(['[', ']']).split(", ");
    octets.map(|octet| u8::from_str_radix(octet, 16).unwrap()).collect()
}
