//! Control blocks and command statuses (groups 12, 13, 41 and 43).

use nom::Parser;
use nom::number::complete::{le_u8, le_u32};

use crate::codes::codes;
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
    Operation(u8) {
        /// Nothing, but for the clear bit.
        Nul = 0 "nul",
        /// On for the on-time, then off.
        PulseOn = 1 "pulse_on",
        /// Off for the off-time, then on.
        PulseOff = 2 "pulse_off",
        /// On, and stay.
        LatchOn = 3 "latch_on",
        /// Off, and stay.
        LatchOff = 4 "latch_off",
    }
}

codes! {
    /// Which output of a pair a control block works on.
    TripClose(u8) {
        /// The point's only one.
        Nul = 0 "nul",
        /// The one that closes.
        Close = 1 "close",
        /// The one that trips.
        Trip = 2 "trip",
    }
}

codes! {
    /// What became of a command, 0 to 127.
    Status(u8) {
        /// Accepted, begun or queued.
        Success = 0 "success",
        /// The operate came too late after its select.
        Timeout = 1 "timeout",
        /// The operate matched no select.
        NoSelect = 2 "no_select",
        /// A field of the request was wrong.
        FormatError = 3 "format_error",
        /// The point does not know the operation.
        NotSupported = 4 "not_supported",
        /// The point is active already, or its queue full.
        AlreadyActive = 5 "already_active",
        /// Trouble with the control hardware.
        HardwareError = 6 "hardware_error",
        /// The switch stands at local.
        Local = 7 "local",
        /// Too many objects in one request.
        TooManyObjs = 8 "too_many_objs",
        /// The master may not.
        NotAuthorized = 9 "not_authorized",
        /// Local automation forbids it.
        AutomationInhibit = 10 "automation_inhibit",
        /// The device has too much to do.
        ProcessingLimited = 11 "processing_limited",
        /// A value outside the range allowed.
        OutOfRange = 12 "out_of_range",
        /// The device behind stands at local.
        DownstreamLocal = 13 "downstream_local",
        /// It was done before.
        AlreadyComplete = 14 "already_complete",
        /// The outstation blocks the function.
        Blocked = 15 "blocked",
        /// It was cancelled.
        Cancelled = 16 "cancelled",
        /// Another master alone may.
        BlockedOtherMaster = 17 "blocked_other_master",
        /// The device behind failed.
        DownstreamFail = 18 "downstream_fail",
        /// The outstation takes no part; deprecated.
        NonParticipating = 126 "non_participating",
        /// Another error.
        Undefined = 127 "undefined",
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
