//! The alert as every sink gets it (`gridtap.alert/1`).

use std::net::IpAddr;

use serde::Serialize;

use super::severity::Severity;
use super::techniques::Technique;
use crate::when::Moment;

/// One revision of an alert. Fields that do not apply are left out of the record.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Alert {
    /// `gridtap.alert/1`.
    pub schema: &'static str,
    /// Stable on any machine and at any number of shards.
    pub id: String,
    /// `wire`: seen on the network.
    pub origin: &'static str,
    /// 0 when raised.
    pub revision: u32,
    /// Whether the episode is closed.
    #[serde(rename = "final")]
    pub last: bool,
    /// First act of the episode.
    pub time: Moment,
    /// Latest act of the episode.
    pub last_time: Moment,
    /// How many odd acts it has.
    pub count: u64,
    /// How much it matters.
    pub severity: Severity,
    /// Kind of its gravest finding.
    pub kind: &'static str,
    /// Whether that finding needs no learning.
    pub hard: bool,
    /// Surprise of that finding in bits, rounded to 0.1.
    pub surprise_bits: f64,
    /// What happened, in the protocol's words.
    pub what: String,
    /// Why it is odd.
    pub because: String,
    /// What would make it ordinary.
    pub normal_if: String,
    /// Who did it.
    pub actor: IpAddr,
    /// Protocol of the first act.
    pub protocol: String,
    /// Client of the first act.
    pub client_ip: IpAddr,
    /// Server of the first act.
    pub server_ip: IpAddr,
    /// Client's MAC address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_mac: Option<String>,
    /// Server's MAC address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_mac: Option<String>,
    /// Modbus unit identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<u16>,
    /// DNP3 link address of the master.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dnp3_source: Option<u16>,
    /// DNP3 link address of the outstation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dnp3_destination: Option<u16>,
    /// Function of the first act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<&'static str>,
    /// Its code on the wire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_code: Option<u8>,
    /// Points of the first act: at most 64.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<PointRecord>,
    /// Servers of the episode: at most 64.
    pub targets: Vec<TargetRecord>,
    /// How many servers there were, when more than are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets_total: Option<usize>,
    /// One for each detector and kind, the strongest.
    pub findings: Vec<FindingRecord>,
    /// Techniques that the findings point to.
    pub techniques: Vec<Technique>,
    /// How the acts of the episode ended, as far as their ends were seen.
    pub outcomes: Outcomes,
    /// The capture that `packets` are in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture: Option<String>,
    /// The first 64 packets of the episode's acts, and of each new kind its first.
    pub packets: Vec<u64>,
    /// Packets of the episode in further captures.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further_packets: Vec<FurtherPackets>,
    /// What the sensor could not see around it.
    pub seen: Seen,
    /// SHA-256 of the baseline that judged it; absent while it is still being learned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
}

/// A server that an episode touched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TargetRecord {
    /// Its address.
    pub server_ip: IpAddr,
    /// Unit identifier or link address behind it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<u16>,
}

/// A point of the first act.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PointRecord {
    /// Kind of point.
    pub space: &'static str,
    /// Address as on the wire, from 0; absent where all points of the kind are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<u32>,
    /// How many points follow on from it, where no value is commanded and there is more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// What was commanded: a number, or a switching command by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<serde_json::Value>,
}

/// Why, according to one detector.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FindingRecord {
    /// The detector's name.
    pub detector: &'static str,
    /// Kind of oddity.
    pub kind: &'static str,
    /// Surprise in bits, rounded to 0.1.
    pub surprise_bits: f64,
    /// One sentence with the counts that decided.
    pub because: String,
}

/// How acts ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcomes {
    /// The device did it, or said that it would.
    pub done: u64,
    /// The device refused.
    pub refused: u64,
    /// No answer was seen.
    pub unanswered: u64,
}

/// Packets in another capture than the first act's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FurtherPackets {
    /// The capture.
    pub capture: String,
    /// Packet numbers in it.
    pub packets: Vec<u64>,
}

/// What the sensor could not see around an alert.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Octets lost in the flows of the episode's acts.
    pub lost_octets: u64,
    /// Packets dropped by the kernel or the sensor's queues up to then.
    pub dropped_packets: u64,
    /// Whether an act's flow was seen from one side only.
    pub one_way: bool,
}
