//! An event for the tests from outside.

use std::net::IpAddr;

use gridtap_models::event::{
    Connection, Conversation, Event, Function, Intent, Marks, PacketRef, Place, Protocol, Space,
    Stage, Target, Unseen,
};

/// A client that polls holding registers 0 to 9 of a server.
pub(crate) fn poll(client: IpAddr, server: IpAddr, time_ns: u64) -> Event {
    let conversation =
        Conversation { protocol: Protocol::Modbus, client, server, unit: 1, client_unit: None };
    let span = Target { space: Space::HoldingRegister, start: 0, count: 10, values: Vec::new() };
    Event {
        place: Place { sequence: 1, partition: 0, nth: 0 },
        time_ns,
        packet: PacketRef { capture: 0, number: 1 },
        earlier: None,
        stage: Stage::Requested,
        conversation,
        connection: Connection::default(),
        client_mac: None,
        server_mac: None,
        client_hops: None,
        server_hops: None,
        intent: Intent::Read,
        function: Function { code: 3, sub: None, name: "Read Holding Registers" },
        targets: vec![span],
        reported: Vec::new(),
        marks: Marks::default(),
        sequence: None,
        broadcast: false,
        unacknowledged: false,
        proved: false,
        digest: time_ns,
        unseen: Unseen::default(),
    }
}
