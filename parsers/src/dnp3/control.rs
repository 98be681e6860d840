//! Control blocks and command statuses (groups 12, 13, 41 and 43).

use nom::Parser;
use nom::number::complete::{le_u8, le_u32};

use super::codes::codes;
use crate::error::Wire;

/// A control relay output block (g12v1), or the block of a pattern (g12v2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Crob {
    /// What to do with the output.
    pub operation: Operation,
    /// Which output of a pair.
    pub trip_close: TripClose,
    /// Whether to cancel what runs and what is queued.
    pub clear: bool,
    /// Whether to queue behind what runs; obsolete.
    pub queue: bool,
    /// How often.
    pub count: u8,
    /// How long on, in milliseconds.
    pub on_ms: u32,
    /// How long off, in milliseconds.
    pub off_ms: u32,
    /// What became of it; of meaning in responses.
    pub status: Status,
}

impl Crob {
    pub(crate) fn read(input: &[u8]) -> Wire<'_, Self> {
        let (rest, (code, count, on_ms, off_ms, status)) =
            (le_u8, le_u8, le_u32, le_u32, le_u8).parse(input)?;
        let crob = Self {
            operation: Operation::from(code & 0x0f),
            trip_close: TripClose::from(code >> 6),
            clear: code & 0x20 != 0,
            queue: code & 0x10 != 0,
            count,
            on_ms,
            off_ms,
            status: Status::from(status & 0x7f),
        };
        Ok((rest, crob))
    }

    /// The control code octet it was read from.
    #[must_use]
    pub const fn control_code(&self) -> u8 {
        let clear = if self.clear { 0x20 } else { 0 };
        let queue = if self.queue { 0x10 } else { 0 };
        self.trip_close.code() << 6 | clear | queue | self.operation.code()
    }
}

codes! {
    /// What a control block does with its output.
    Operation: u8 {
        Nul = 0, "nul", "Nothing, but for the clear bit.";
        PulseOn = 1, "pulse_on", "On for the on-time, then off.";
        PulseOff = 2, "pulse_off", "Off for the off-time, then on.";
        LatchOn = 3, "latch_on", "On, and stay.";
        LatchOff = 4, "latch_off", "Off, and stay.";
    }
}

codes! {
    /// Which output of a pair a control block works on.
    TripClose: u8 {
        Nul = 0, "nul", "The point's only one.";
        Close = 1, "close", "The one that closes.";
        Trip = 2, "trip", "The one that trips.";
    }
}

codes! {
    /// What became of a command, 0 to 127.
    Status: u8 {
        Success = 0, "success", "Accepted, begun or queued.";
        Timeout = 1, "timeout", "The operate came too late after its select.";
        NoSelect = 2, "no_select", "The operate matched no select.";
        FormatError = 3, "format_error", "A field of the request was wrong.";
        NotSupported = 4, "not_supported", "The point does not know the operation.";
        AlreadyActive = 5, "already_active", "The point is active already, or its queue full.";
        HardwareError = 6, "hardware_error", "Trouble with the control hardware.";
        Local = 7, "local", "The switch stands at local.";
        TooManyObjs = 8, "too_many_objs", "Too many objects in one request.";
        NotAuthorized = 9, "not_authorized", "The master may not.";
        AutomationInhibit = 10, "automation_inhibit", "Local automation forbids it.";
        ProcessingLimited = 11, "processing_limited", "The device has too much to do.";
        OutOfRange = 12, "out_of_range", "A value outside the range allowed.";
        DownstreamLocal = 13, "downstream_local", "The device behind stands at local.";
        AlreadyComplete = 14, "already_complete", "It was done before.";
        Blocked = 15, "blocked", "The outstation blocks the function.";
        Cancelled = 16, "cancelled", "It was cancelled.";
        BlockedOtherMaster = 17, "blocked_other_master", "Another master alone may.";
        DownstreamFail = 18, "downstream_fail", "The device behind failed.";
        NonParticipating = 126, "non_participating", "The outstation takes no part; deprecated.";
        Undefined = 127, "undefined", "Another error.";
    }
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    #[test]
    fn every_control_code_is_put_together_as_it_came() {
        for code in 0..=u8::MAX {
            let octets = [code, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            let (_, crob) = Crob::read(&octets).unwrap();
            assert_eq!(crob.control_code(), code);
        }
    }

    #[test]
    fn a_trip_reads_as_the_wire_has_it() {
        #[rustfmt::skip]
        let octets = hex!(
            "81"           // trip, pulse on
            "02"           // twice
            "64 00 00 00"  // 100 ms on
            "c8 00 00 00"  // 200 ms off
            "84"           // not supported, and the reserved bit
        );
        let expected = Crob {
            operation: Operation::PulseOn,
            trip_close: TripClose::Trip,
            clear: false,
            queue: false,
            count: 2,
            on_ms: 100,
            off_ms: 200,
            status: Status::NotSupported,
        };
        assert_eq!(Crob::read(&octets), Ok((&[][..], expected)));
        assert!(Crob::read(&octets[..10]).is_err());
    }

    #[test]
    fn every_status_keeps_its_code() {
        for code in 0..=0x7f {
            let status = Status::from(code);
            assert_eq!(status.code(), code);
            assert_eq!(status.name() == "unknown", (19..126).contains(&code));
        }
    }
}
