//! Exception codes: why a server refused (Modbus Application Protocol V1.1b3).

use nom::number::complete::be_u8;

use super::check::{Checked, flaw};
use crate::codes::codes;
use crate::error::Class;

codes! {
    /// Why a server did not do what it was asked to.
    ExceptionCode(u8) {
        /// 1: the server does not know or allow the function.
        IllegalFunction = 1 "illegal_function",
        /// 2: an address, or the end of an address range, is not there.
        IllegalDataAddress = 2 "illegal_data_address",
        /// 3: the request's quantity or structure is wrong.
        IllegalDataValue = 3 "illegal_data_value",
        /// 4: the server failed while acting.
        ServerDeviceFailure = 4 "server_device_failure",
        /// 5: accepted, and takes long.
        Acknowledge = 5 "acknowledge",
        /// 6: busy, to be asked again later.
        ServerDeviceBusy = 6 "server_device_busy",
        /// 7: a programming function refused; no longer in the standard.
        NegativeAcknowledge = 7 "negative_acknowledge",
        /// 8: extended memory failed its consistency check (functions 20 and 21).
        MemoryParityError = 8 "memory_parity_error",
        /// 10: the gateway has no way to the unit.
        GatewayPathUnavailable = 10 "gateway_path_unavailable",
        /// 11: the unit behind the gateway did not answer.
        GatewayTargetDeviceFailedToRespond = 11 "gateway_target_device_failed_to_respond",
    }
}

/// Reads the exception code behind a function code that has the exception bit.
pub(super) fn read(body: &[u8]) -> Checked<'_, ExceptionCode> {
    let (rest, octet) = be_u8(body)?;
    let code = ExceptionCode::from(octet);
    let unknown = matches!(code, ExceptionCode::Unknown(_));
    Ok((rest, (code, flaw(unknown, body, Class::ExceptionCode, "no such exception code"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::tests::check;

    #[test]
    fn every_octet_survives_the_round_trip_and_10_have_names() {
        let named = check((0..=u8::MAX).map(|octet| {
            let exception = ExceptionCode::from(octet);
            (octet.into(), exception.code().into(), exception.name())
        }));
        assert_eq!(named, 10);
    }
}
