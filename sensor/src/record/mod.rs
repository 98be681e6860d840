//! Every message as one record (`gridtap.message/1`), without judgement.

pub(crate) mod dnp3;
pub(crate) mod modbus;
mod point;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use gridtap_parsers::{Direction, Kind, Message};
use serde::Serialize;

use crate::alert::wording;
use crate::flow;
use crate::shard::Seen;
use crate::when::Moment;

/// One message. Fields that do not apply are left out.
#[derive(Debug, Serialize)]
pub(crate) struct Record<'a> {
    pub(crate) schema: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) capture: Option<&'a str>,
    pub(crate) packet: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) packets: Option<Vec<u64>>,
    pub(crate) time: Moment,
    pub(crate) protocol: &'static str,
    pub(crate) transport: &'static str,
    pub(crate) src_ip: IpAddr,
    pub(crate) src_port: u16,
    pub(crate) dst_ip: IpAddr,
    pub(crate) dst_port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) src_mac: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dst_mac: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vlan: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) direction: Option<&'static str>,
    pub(crate) status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lost: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uncertain: Option<bool>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<Body<'a>>,
}

/// The protocol's own fields.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Body<'a> {
    Modbus(Box<modbus::Fields<'a>>),
    Dnp3(Box<dnp3::Fields<'a>>),
}

impl<'a> Record<'a> {
    pub(crate) fn new(seen: &'a Seen<'_>, capture: Option<&'a str>) -> Self {
        let (parsed, context) = (seen.parsed, seen.context);
        let (sender, receiver) = (&context.sender, &context.receiver);
        let error = parsed.error.as_ref();
        let kind = error.map(gridtap_parsers::ParseError::kind);
        let direction = parsed.message.as_ref().map(|message| crate::describe::kind(message).0);
        Self {
            schema: "gridtap.message/1",
            capture,
            packet: context.packet.number,
            packets: (seen.packets.len() > 1)
                .then(|| seen.packets.iter().map(|packet| packet.number).collect()),
            time: Moment(context.time_ns),
            protocol: seen.protocol.name,
            transport: transport(seen),
            src_ip: sender.address.ip(),
            src_port: sender.address.port(),
            dst_ip: receiver.address.ip(),
            dst_port: receiver.address.port(),
            src_mac: sender.mac.map(wording::mac),
            dst_mac: receiver.mac.map(wording::mac),
            vlan: seen.vlan,
            direction: direction.map(|direction| match direction {
                Direction::Request => "request",
                Direction::Response => "response",
                Direction::Unsolicited => "unsolicited",
                Direction::Link => "link",
            }),
            status: match kind {
                None => "ok",
                Some(Kind::Short) => "short",
                Some(Kind::Malformed) => "malformed",
                Some(Kind::Unsupported) => "unsupported",
            },
            error_class: error.map(|error| error.class.slug()),
            error: error.map(|error| error.what),
            offset: error.map(|error| error.offset),
            lost: (parsed.lost > 0).then_some(parsed.lost),
            uncertain: parsed.uncertain.then_some(true),
            body: parsed.message.as_ref().map(|message| match message {
                Message::Modbus(adu) => {
                    Body::Modbus(Box::new(modbus::Fields::new(adu, seen.pair.request())))
                }
                Message::Dnp3(message) => {
                    let request = seen.pair.request();
                    Body::Dnp3(Box::new(dnp3::Fields::new(message, request, seen.tied)))
                }
            }),
        }
    }

    /// A line for people, with its end: time, who to whom, and what.
    pub(crate) fn text(&self) -> String {
        let time = self.time.to_string();
        let what = match &self.body {
            Some(Body::Modbus(fields)) => fields.text(),
            Some(Body::Dnp3(fields)) => fields.text(),
            None => String::new(),
        };
        let error = match (self.error, self.offset) {
            (Some(error), Some(offset)) => {
                format!("  [{}: {error}, octet {offset}]", self.status)
            }
            _ => String::new(),
        };
        let lost = self.lost.map(|octets| format!("  [{octets} octets lost]")).unwrap_or_default();
        format!(
            "{:>7} {} {}:{} > {}:{} {} {} {what}{error}{lost}\n",
            self.packet,
            time.get(..23).unwrap_or(&time).replace('T', " "),
            self.src_ip,
            self.src_port,
            self.dst_ip,
            self.dst_port,
            self.protocol,
            self.direction.unwrap_or("-"),
        )
    }
}

fn transport(seen: &Seen<'_>) -> &'static str {
    use gridtap_parsers::modbus::Framing;
    let rtu = matches!(
        &seen.parsed.message,
        Some(Message::Modbus(adu)) if adu.framing == Framing::Rtu
    );
    match seen.transport {
        flow::Kind::Tcp if rtu => "rtu-over-tcp",
        flow::Kind::Tcp => "tcp",
        flow::Kind::Udp => "udp",
    }
}
