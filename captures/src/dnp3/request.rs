//! What a master asks. A sequence is taken modulo 16.

use crate::dnp3::fragment::{FIN, FIR, UNS, fragment, function};
use crate::dnp3::{Class, Header, class, packed, time};

/// A request of any function, in one fragment.
#[must_use]
pub fn request(sequence: u8, function: u8, headers: &[Header]) -> Vec<u8> {
    fragment(FIR | FIN | (sequence & 0x0f), function, None, headers)
}

/// Confirms a response; either side may send it, by custom the master.
#[must_use]
pub fn confirm(sequence: u8) -> Vec<u8> {
    request(sequence, function::CONFIRM, &[])
}

/// Confirms an unsolicited response.
#[must_use]
pub fn confirm_unsolicited(sequence: u8) -> Vec<u8> {
    fragment(FIR | FIN | UNS | (sequence & 0x0f), function::CONFIRM, None, &[])
}

/// Reads what the headers name.
#[must_use]
pub fn read(sequence: u8, headers: &[Header]) -> Vec<u8> {
    request(sequence, function::READ, headers)
}

/// Reads points from `start` to `stop`, both included.
#[must_use]
pub fn read_range(sequence: u8, group: u8, variation: u8, start: u16, stop: u16) -> Vec<u8> {
    read(sequence, &[Header::range(group, variation, start, stop)])
}

/// Reads classes, in this order.
#[must_use]
pub fn class_poll(sequence: u8, classes: &[Class]) -> Vec<u8> {
    read(sequence, &headers(classes))
}

/// Reads classes 1, 2, 3 and 0: all events, then all present values.
#[must_use]
pub fn integrity_poll(sequence: u8) -> Vec<u8> {
    class_poll(sequence, &[Class::One, Class::Two, Class::Three, Class::Zero])
}

/// Selects outputs; [`Crob::to`](crate::dnp3::Crob::to) and [`Analog::to`](crate::dnp3::Analog::to) make commands.
#[must_use]
pub fn select(sequence: u8, commands: &[Header]) -> Vec<u8> {
    request(sequence, function::SELECT, commands)
}

/// Operates outputs that were selected with the same commands one sequence before.
#[must_use]
pub fn operate(sequence: u8, commands: &[Header]) -> Vec<u8> {
    request(sequence, function::OPERATE, commands)
}

/// Operates outputs at once.
#[must_use]
pub fn direct_operate(sequence: u8, commands: &[Header]) -> Vec<u8> {
    request(sequence, function::DIRECT_OPERATE, commands)
}

/// Operates outputs at once and wants no response.
#[must_use]
pub fn direct_operate_no_response(sequence: u8, commands: &[Header]) -> Vec<u8> {
    request(sequence, function::DIRECT_OPERATE_NR, commands)
}

/// Sets the clock, in milliseconds since 1970 UTC (group 50, variation 1).
#[must_use]
pub fn write_time(sequence: u8, ms: u64) -> Vec<u8> {
    request(sequence, function::WRITE, &[Header::count8(50, 1, 1).with(&time(ms))])
}

/// Sets the clock to a time recorded before, in milliseconds since 1970 UTC (group 50, variation 3).
#[must_use]
pub fn write_recorded_time(sequence: u8, ms: u64) -> Vec<u8> {
    request(sequence, function::WRITE, &[Header::count8(50, 3, 1).with(&time(ms))])
}

/// Clears the indication that the outstation restarted (group 80, index 7).
#[must_use]
pub fn clear_restart(sequence: u8) -> Vec<u8> {
    request(sequence, function::WRITE, &[packed(80, 7, &[false])])
}

/// Asks how long a request takes to be answered.
#[must_use]
pub fn delay_measure(sequence: u8) -> Vec<u8> {
    request(sequence, function::DELAY_MEASURE, &[])
}

/// Asks the outstation to note when this arrives.
#[must_use]
pub fn record_current_time(sequence: u8) -> Vec<u8> {
    request(sequence, function::RECORD_CURRENT_TIME, &[])
}

/// Restarts the device.
#[must_use]
pub fn cold_restart(sequence: u8) -> Vec<u8> {
    request(sequence, function::COLD_RESTART, &[])
}

/// Restarts the DNP3 application of the device.
#[must_use]
pub fn warm_restart(sequence: u8) -> Vec<u8> {
    request(sequence, function::WARM_RESTART, &[])
}

/// Lets the outstation report events of these classes unasked.
#[must_use]
pub fn enable_unsolicited(sequence: u8, classes: &[Class]) -> Vec<u8> {
    request(sequence, function::ENABLE_UNSOLICITED, &headers(classes))
}

/// Forbids the outstation to report events of these classes unasked.
#[must_use]
pub fn disable_unsolicited(sequence: u8, classes: &[Class]) -> Vec<u8> {
    request(sequence, function::DISABLE_UNSOLICITED, &headers(classes))
}

fn headers(classes: &[Class]) -> Vec<Header> {
    classes.iter().copied().map(class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dnp3::Crob;

    #[test]
    fn is_laid_out_to_the_octet() {
        let events = [Class::One, Class::Two, Class::Three];
        let latch = [Crob::LATCH_ON.to(3)];
        #[rustfmt::skip]
        let table: &[(&str, Vec<u8>, &[u8])] = &[
            ("confirm",     confirm(5),                       &[0xc5, 0]),
            ("unsolicited", confirm_unsolicited(0x10),        &[0xd0, 0]),
            ("range",       read_range(3, 1, 2, 0, 9),        &[0xc3, 1, 1, 2, 0, 0, 9]),
            ("class",       class_poll(2, &[Class::Two]),     &[0xc2, 1, 60, 3, 6]),
            ("integrity",   integrity_poll(3),
                            &[0xc3, 1, 60, 2, 6, 60, 3, 6, 60, 4, 6, 60, 1, 6]),
            ("select",      select(3, &latch),
                            &[0xc3, 3, 12, 1, 0x17, 1, 3, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("time",        write_time(3, 1_700_000_000_123),
                            &[0xc3, 2, 50, 1, 7, 1, 0x7b, 0x68, 0xe5, 0xcf, 0x8b, 1]),
            ("clear",       clear_restart(3),                 &[0xc3, 2, 80, 1, 0, 7, 7, 0]),
            ("cold",        cold_restart(3),                  &[0xc3, 13]),
            ("warm",        warm_restart(3),                  &[0xc3, 14]),
            ("delay",       delay_measure(3),                 &[0xc3, 23]),
            ("record",      record_current_time(3),           &[0xc3, 24]),
            ("enable",      enable_unsolicited(3, &events),   &[0xc3, 20, 60, 2, 6, 60, 3, 6, 60, 4, 6]),
            ("disable",     disable_unsolicited(3, &[]),      &[0xc3, 21]),
        ];
        for (name, fragment, expected) in table {
            assert_eq!(fragment, expected, "{name}");
        }
        let functions =
            [operate(0, &latch), direct_operate(0, &latch), direct_operate_no_response(0, &latch)];
        assert_eq!(functions.map(|fragment| fragment[1]), [4, 5, 6]);
        assert_eq!(write_recorded_time(0, 0)[2..6], [50, 3, 7, 1]);
    }
}
