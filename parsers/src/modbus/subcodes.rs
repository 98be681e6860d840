//! Codes inside a function: diagnostics, encapsulated interfaces, UMAS.
//!
//! UMAS codes were reverse engineered in public; their vendor never published them.

use crate::codes::codes;

codes! {
    /// Sub-functions of Diagnostics (function 8).
    Diagnostic(u16) {
        /// 0: send the request back.
        ReturnQueryData = 0 "return_query_data",
        /// 1: restart the port; 0xFF00 clears the event log too.
        RestartCommunicationsOption = 1 "restart_communications_option",
        /// 2: read the diagnostic register.
        ReturnDiagnosticRegister = 2 "return_diagnostic_register",
        /// 3: change the end character of ASCII frames.
        ChangeAsciiInputDelimiter = 3 "change_ascii_input_delimiter",
        /// 4: take the device off the bus; no response follows.
        ForceListenOnlyMode = 4 "force_listen_only_mode",
        /// 10: clear counters and the diagnostic register.
        ClearCounters = 10 "clear_counters_and_diagnostic_register",
        /// 11: messages seen on the bus.
        ReturnBusMessageCount = 11 "return_bus_message_count",
        /// 12: messages with a wrong CRC.
        ReturnBusCommunicationErrorCount = 12 "return_bus_communication_error_count",
        /// 13: exceptions returned.
        ReturnBusExceptionErrorCount = 13 "return_bus_exception_error_count",
        /// 14: messages addressed to this server.
        ReturnServerMessageCount = 14 "return_server_message_count",
        /// 15: messages left without a response.
        ReturnServerNoResponseCount = 15 "return_server_no_response_count",
        /// 16: negative acknowledgements returned.
        ReturnServerNakCount = 16 "return_server_nak_count",
        /// 17: busy exceptions returned.
        ReturnServerBusyCount = 17 "return_server_busy_count",
        /// 18: characters lost by overrun.
        ReturnBusCharacterOverrunCount = 18 "return_bus_character_overrun_count",
        /// 19: legacy, overruns of the I/O processor.
        ReturnIopOverrunCount = 19 "return_iop_overrun_count",
        /// 20: clear the overrun counter and flag.
        ClearOverrunCounterAndFlag = 20 "clear_overrun_counter_and_flag",
        /// 21: legacy, get (3) or clear (4) Modbus Plus statistics.
        ModbusPlusStatistics = 21 "get_clear_modbus_plus_statistics",
    }
}

codes! {
    /// What Encapsulated Interface Transport (function 43) carries.
    MeiType(u8) {
        /// 13: `CANopen`, as `CiA` 309 defines it.
        CanOpen = 13 "canopen_general_reference",
        /// 14: names and versions of the device.
        ReadDeviceIdentification = 14 "read_device_identification",
    }
}

codes! {
    /// What a UMAS message (function 90) asks for, or how it was answered.
    UmasCode(u8) {
        /// 0x01: start a session.
        InitComm = 0x01 "init_comm",
        /// 0x02: identify the controller.
        ReadId = 0x02 "read_id",
        /// 0x03: read what project is loaded.
        ReadProjectInfo = 0x03 "read_project_info",
        /// 0x04: read internal status and checksums.
        ReadPlcInfo = 0x04 "read_plc_info",
        /// 0x06: read what the memory card is.
        ReadCardInfo = 0x06 "read_card_info",
        /// 0x0A: send the octets back.
        Repeat = 0x0a "repeat",
        /// 0x10: claim the controller for one client.
        TakePlcReservation = 0x10 "take_plc_reservation",
        /// 0x11: give the claim up.
        ReleasePlcReservation = 0x11 "release_plc_reservation",
        /// 0x12: keep the claim.
        KeepAlive = 0x12 "keep_alive",
        /// 0x20: read memory.
        ReadMemoryBlock = 0x20 "read_memory_block",
        /// 0x22: read system bits, words, variables.
        ReadVariables = 0x22 "read_variables",
        /// 0x23: write system bits, words, variables.
        WriteVariables = 0x23 "write_variables",
        /// 0x24: read coils and registers.
        ReadCoilsRegisters = 0x24 "read_coils_registers",
        /// 0x25: write coils and registers.
        WriteCoilsRegisters = 0x25 "write_coils_registers",
        /// 0x26: read the dictionary of variables.
        DataDictionary = 0x26 "data_dictionary",
        /// 0x30: begin to read the program out of the controller.
        InitializeUpload = 0x30 "initialize_upload",
        /// 0x31: read one block of the program.
        UploadBlock = 0x31 "upload_block",
        /// 0x32: end of reading the program.
        EndStrategyUpload = 0x32 "end_strategy_upload",
        /// 0x33: begin to load a program into the controller.
        InitializeDownload = 0x33 "initialize_download",
        /// 0x34: load one block of the program.
        DownloadBlock = 0x34 "download_block",
        /// 0x35: end of loading the program.
        EndStrategyDownload = 0x35 "end_strategy_download",
        /// 0x39: read Ethernet master data.
        ReadEthMasterData = 0x39 "read_eth_master_data",
        /// 0x40: run the controller.
        StartPlc = 0x40 "start_plc",
        /// 0x41: stop the controller.
        StopPlc = 0x41 "stop_plc",
        /// 0x50: watch variables and bits.
        MonitorPlc = 0x50 "monitor_plc",
        /// 0x58: check the connection.
        CheckPlc = 0x58 "check_plc",
        /// 0x70: read an I/O object.
        ReadIoObject = 0x70 "read_io_object",
        /// 0x71: write an I/O object.
        WriteIoObject = 0x71 "write_io_object",
        /// 0x73: read the status of a module.
        GetStatusModule = 0x73 "get_status_module",
        /// 0xFD: in a response, refused.
        ResponseError = 0xfd "response_error",
        /// 0xFE: in a response, done.
        ResponseOk = 0xfe "response_ok",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::tests::check;

    #[test]
    fn every_value_survives_the_round_trip() {
        let diagnostics = check((0..=u16::MAX).map(|code| {
            let diagnostic = Diagnostic::from(code);
            (code, diagnostic.code(), diagnostic.name())
        }));
        let interfaces = check((0..=u8::MAX).map(|octet| {
            let mei = MeiType::from(octet);
            (octet.into(), mei.code().into(), mei.name())
        }));
        let umas = check((0..=u8::MAX).map(|octet| {
            let umas = UmasCode::from(octet);
            (octet.into(), umas.code().into(), umas.name())
        }));
        assert_eq!((diagnostics, interfaces, umas), (17, 2, 31));
    }
}
