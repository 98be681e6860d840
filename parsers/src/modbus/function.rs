//! Function codes (Modbus Application Protocol V1.1b3).

use crate::codes::codes;

codes! {
    /// What a client asks a server to do, without the exception bit of a response.
    FunctionCode(u8) {
        /// 1 (0x01): read coils.
        ReadCoils = 1 "read_coils",
        /// 2 (0x02): read discrete inputs.
        ReadDiscreteInputs = 2 "read_discrete_inputs",
        /// 3 (0x03): read holding registers.
        ReadHoldingRegisters = 3 "read_holding_registers",
        /// 4 (0x04): read input registers.
        ReadInputRegisters = 4 "read_input_registers",
        /// 5 (0x05): write one coil.
        WriteSingleCoil = 5 "write_single_coil",
        /// 6 (0x06): write one register.
        WriteSingleRegister = 6 "write_single_register",
        /// 7 (0x07): read eight status bits; meant for serial lines.
        ReadExceptionStatus = 7 "read_exception_status",
        /// 8 (0x08): diagnostics, see [`Diagnostic`](super::Diagnostic); meant for serial lines.
        Diagnostics = 8 "diagnostics",
        /// 9 (0x09): legacy, contents not public.
        Program484 = 9 "program_484",
        /// 10 (0x0A): legacy, contents not public.
        Poll484 = 10 "poll_484",
        /// 11 (0x0B): count of messages served; meant for serial lines.
        GetCommEventCounter = 11 "get_comm_event_counter",
        /// 12 (0x0C): log of communication events; meant for serial lines.
        GetCommEventLog = 12 "get_comm_event_log",
        /// 13 (0x0D): legacy, contents not public.
        Program584 = 13 "program_584_984",
        /// 14 (0x0E): legacy, contents not public.
        Poll584 = 14 "poll_584_984",
        /// 15 (0x0F): write coils.
        WriteMultipleCoils = 15 "write_multiple_coils",
        /// 16 (0x10): write registers.
        WriteMultipleRegisters = 16 "write_multiple_registers",
        /// 17 (0x11): what the server says it is.
        ReportServerId = 17 "report_server_id",
        /// 18 (0x12): legacy, contents not public.
        Program884 = 18 "program_884_u84",
        /// 19 (0x13): legacy, contents not public.
        ResetCommLink884 = 19 "reset_comm_link_884_u84",
        /// 20 (0x14): read records of files.
        ReadFileRecord = 20 "read_file_record",
        /// 21 (0x15): write records of files.
        WriteFileRecord = 21 "write_file_record",
        /// 22 (0x16): set and clear bits of one register.
        MaskWriteRegister = 22 "mask_write_register",
        /// 23 (0x17): write registers, then read registers.
        ReadWriteMultipleRegisters = 23 "read_write_multiple_registers",
        /// 24 (0x18): read a queue of registers.
        ReadFifoQueue = 24 "read_fifo_queue",
        /// 40 (0x28): vendor, contents not public.
        ProgramConcept = 40 "program_concept",
        /// 41 (0x29): vendor, contents not public.
        MultipleFunctionCodes = 41 "multiple_function_codes",
        /// 43 (0x2B): carries other protocols, see [`MeiType`](super::MeiType).
        EncapsulatedInterfaceTransport = 43 "encapsulated_interface_transport",
        /// 90 (0x5A): Schneider's UMAS, see [`UmasCode`](super::UmasCode).
        UnitySchneider = 90 "unity_schneider",
        /// 91 (0x5B): vendor, contents not public.
        ObjectMessaging = 91 "object_messaging",
        /// 125 (0x7D): vendor, contents not public.
        FirmwareReplacement = 125 "firmware_replacement",
        /// 126 (0x7E): legacy, contents not public.
        Program584Again = 126 "program_584_984_2",
        /// 127 (0x7F): vendor, contents not public.
        ReportLocalAddress = 127 "report_local_address",
    }
}

impl FunctionCode {
    /// Whether this crate reads its PDUs. Of all others it keeps the octets, and says so.
    #[must_use]
    pub const fn is_read(self) -> bool {
        !matches!(
            self,
            Self::Program484
                | Self::Poll484
                | Self::Program584
                | Self::Poll584
                | Self::Program884
                | Self::ResetCommLink884
                | Self::ProgramConcept
                | Self::MultipleFunctionCodes
                | Self::ObjectMessaging
                | Self::FirmwareReplacement
                | Self::Program584Again
                | Self::ReportLocalAddress
                | Self::Unknown(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::tests::check;

    #[test]
    fn every_octet_survives_the_round_trip_and_32_have_names() {
        let named = check((0..=u8::MAX).map(|octet| {
            let function = FunctionCode::from(octet);
            (octet.into(), function.code().into(), function.name())
        }));
        assert_eq!(named, 32);
    }

    #[test]
    fn codes_that_the_standard_leaves_to_users_or_to_nobody_are_unknown() {
        for octet in [0, 25, 39, 42, 44, 65, 72, 89, 92, 100, 110, 124, 128, 131, 255] {
            assert_eq!(FunctionCode::from(octet), FunctionCode::Unknown(octet));
            assert_eq!(FunctionCode::from(octet).name(), "unknown");
        }
    }
}
