//! `gridtap baseline diff`: what changed between two baselines.

use std::net::IpAddr;
use std::path::Path;

use gridtap_models::event::{Conversation, Device};
use gridtap_models::ledger::{Change, Difference, Ledger, Subject, show_differences};
use serde::Serialize;

use super::{Ended, Failure, Terminal, baseline};
use crate::cli::Format;
use crate::names::Names;

/// Runs it.
pub(super) fn diff(
    old: &Path,
    new: &Path,
    names: &Names,
    format: Option<Format>,
    terminal: Terminal,
) -> Result<Ended, Failure> {
    let (old, new) = (baseline::read(old)?, baseline::read(new)?);
    terminal.print(&match terminal.form(format) {
        Format::Text => {
            let mut device = None;
            show_differences(&old, &new, |text| names.beside(text, &mut device))
        }
        Format::Jsonl => records(&old, &new),
    })?;
    Ok(Ended::Well)
}

/// A JSON object a line for each difference.
fn records(old: &Ledger, new: &Ledger) -> String {
    let mut text = String::new();
    for difference in old.diff(new) {
        // Made of numbers and names, it has no way to fail.
        text.push_str(&serde_json::to_string(&Record::of(&difference)).unwrap_or_default());
        text.push('\n');
    }
    text
}

/// One difference. Fields that do not apply are left out.
#[derive(Debug, Serialize)]
struct Record<'d> {
    schema: &'static str,
    /// `new`, `gone`, `more-often` or `less-often`.
    change: &'static str,
    /// What it is about: `conversation`, `function`, `command`, `values` or `read`.
    subject: &'static str,
    protocol: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ip: Option<IpAddr>,
    server_ip: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    dnp3_source: Option<u16>,
    unit: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    intent: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subfunction: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    space: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<&'d str>,
    old_acts: u64,
    new_acts: u64,
    /// How many times as often in the same time, rounded to 0.01.
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<f64>,
}

impl<'d> Record<'d> {
    fn of(difference: &'d Difference<'_>) -> Self {
        let (change, times) = match difference.change {
            Change::New => ("new", None),
            Change::Gone => ("gone", None),
            Change::Often(times) if times >= 1.0 => ("more-often", Some(times)),
            Change::Often(times) => ("less-often", Some(times)),
        };
        let record = |subject, device: Device, talk: Option<&Conversation>| Self {
            schema: "gridtap.difference/1",
            change,
            subject,
            protocol: device.protocol.word(),
            client_ip: talk.map(|talk| talk.client),
            server_ip: device.server,
            dnp3_source: talk.and_then(|talk| talk.client_unit),
            unit: device.unit,
            intent: None,
            function_code: None,
            subfunction: None,
            function: None,
            space: None,
            address: None,
            count: None,
            values: None,
            old_acts: difference.old_acts,
            new_acts: difference.new_acts,
            times: times.map(|times| (times * 100.0).round() / 100.0),
        };
        match &difference.subject {
            Subject::Conversation(talk) => record("conversation", talk.device(), Some(talk)),
            Subject::Function(talk, key, name) => Self {
                intent: Some(key.intent.word()),
                function_code: Some(key.code),
                subfunction: key.sub,
                function: Some(name),
                ..record("function", talk.device(), Some(talk))
            },
            Subject::Command(talk, command, values) => Self {
                intent: Some(command.intent.word()),
                space: Some(command.space.word()),
                address: Some(command.address),
                values: Some(values.as_str()).filter(|values| !values.is_empty()),
                ..record("command", talk.device(), Some(talk))
            },
            Subject::Values(talk, command, values) => Self {
                intent: Some(command.intent.word()),
                space: Some(command.space.word()),
                address: Some(command.address),
                values: Some(values),
                ..record("values", talk.device(), Some(talk))
            },
            Subject::Read(device, span) => Self {
                space: Some(span.space.word()),
                address: Some(span.start),
                count: Some(span.count),
                ..record("read", **device, None)
            },
        }
    }
}
