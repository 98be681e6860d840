//! Application fragments: control octet, function code, internal indications.

use core::ops::BitOr;

use crate::dnp3::Header;

/// Control bit: the first fragment of its message.
pub const FIR: u8 = 0x80;
/// Control bit: the last fragment of its message.
pub const FIN: u8 = 0x40;
/// Control bit: wants a confirmation.
pub const CON: u8 = 0x20;
/// Control bit: unsolicited.
pub const UNS: u8 = 0x10;

/// Function codes, those that have no builder of their own included.
pub mod function {
    macro_rules! functions {
        ($($name:ident = $code:literal),* $(,)?) => {
            $(
                #[doc = concat!("Function code ", $code, ".")]
                pub const $name: u8 = $code;
            )*
        };
    }
    functions! {
        CONFIRM = 0, READ = 1, WRITE = 2, SELECT = 3, OPERATE = 4, DIRECT_OPERATE = 5, DIRECT_OPERATE_NR = 6,
        IMMED_FREEZE = 7, IMMED_FREEZE_NR = 8, FREEZE_CLEAR = 9, FREEZE_CLEAR_NR = 10, FREEZE_AT_TIME = 11,
        FREEZE_AT_TIME_NR = 12, COLD_RESTART = 13, WARM_RESTART = 14, INITIALIZE_DATA = 15,
        INITIALIZE_APPLICATION = 16, START_APPLICATION = 17, STOP_APPLICATION = 18, SAVE_CONFIGURATION = 19,
        ENABLE_UNSOLICITED = 20, DISABLE_UNSOLICITED = 21, ASSIGN_CLASS = 22, DELAY_MEASURE = 23,
        RECORD_CURRENT_TIME = 24, OPEN_FILE = 25, CLOSE_FILE = 26, DELETE_FILE = 27, GET_FILE_INFO = 28,
        AUTHENTICATE_FILE = 29, ABORT_FILE = 30, ACTIVATE_CONFIG = 31, AUTH_REQUEST = 32, AUTH_REQUEST_NR = 33,
        RESPONSE = 129, UNSOLICITED_RESPONSE = 130, AUTH_RESPONSE = 131,
    }
}

/// Internal indications: IIN1 in the low octet, IIN2 in the high one. None by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Iin(pub u16);

impl Iin {
    /// A broadcast was received.
    pub const BROADCAST: Self = Self(0x0001);
    /// Events of class 1 wait.
    pub const CLASS_1_EVENTS: Self = Self(0x0002);
    /// Events of class 2 wait.
    pub const CLASS_2_EVENTS: Self = Self(0x0004);
    /// Events of class 3 wait.
    pub const CLASS_3_EVENTS: Self = Self(0x0008);
    /// The outstation wants to be told the time.
    pub const NEED_TIME: Self = Self(0x0010);
    /// Some points obey local control alone.
    pub const LOCAL_CONTROL: Self = Self(0x0020);
    /// Something is wrong with the device.
    pub const DEVICE_TROUBLE: Self = Self(0x0040);
    /// The outstation restarted.
    pub const DEVICE_RESTART: Self = Self(0x0080);
    /// The function code is not supported.
    pub const NO_FUNC_CODE_SUPPORT: Self = Self(0x0100);
    /// The object is not known.
    pub const OBJECT_UNKNOWN: Self = Self(0x0200);
    /// Qualifier, range or data make no sense.
    pub const PARAMETER_ERROR: Self = Self(0x0400);
    /// Events were lost.
    pub const EVENT_BUFFER_OVERFLOW: Self = Self(0x0800);
    /// It is being done already.
    pub const ALREADY_EXECUTING: Self = Self(0x1000);
    /// The configuration is corrupt.
    pub const CONFIG_CORRUPT: Self = Self(0x2000);
}

impl BitOr for Iin {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A fragment with any control octet and function code; `iin` for responses.
#[must_use]
pub fn fragment(control: u8, function: u8, iin: Option<Iin>, headers: &[Header]) -> Vec<u8> {
    let mut octets = vec![control, function];
    octets.extend(iin.into_iter().flat_map(|iin| iin.0.to_le_bytes()));
    octets.extend(headers.iter().flat_map(Header::octets));
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indications_go_between_function_and_objects() {
        let iin = Iin::DEVICE_RESTART | Iin::PARAMETER_ERROR;
        let octets = fragment(FIR | FIN | 3, function::RESPONSE, Some(iin), &[Header::all(1, 2)]);
        assert_eq!(octets, [0xc3, 129, 0x80, 0x04, 1, 2, 6]);
        assert_eq!(fragment(CON | UNS, 200, None, &[]), [0x30, 200]);
    }
}
