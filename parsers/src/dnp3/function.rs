//! Application function codes.

use crate::codes::codes;

codes! {
    /// What a fragment asks for or is.
    FunctionCode(u8) {
        /// A fragment was received; sent by either side.
        Confirm = 0 "confirm",
        /// Send objects.
        Read = 1 "read",
        /// Store objects.
        Write = 2 "write",
        /// Arm outputs for the operate that follows.
        Select = 3 "select",
        /// Operate the outputs selected before.
        Operate = 4 "operate",
        /// Operate outputs at once.
        DirectOperate = 5 "direct_operate",
        /// Operate outputs at once, without a response.
        DirectOperateNr = 6 "direct_operate_nr",
        /// Freeze counters or analog inputs.
        ImmedFreeze = 7 "immed_freeze",
        /// As [`Self::ImmedFreeze`], without a response.
        ImmedFreezeNr = 8 "immed_freeze_nr",
        /// Freeze counters, then zero them.
        FreezeClear = 9 "freeze_clear",
        /// As [`Self::FreezeClear`], without a response.
        FreezeClearNr = 10 "freeze_clear_nr",
        /// Freeze at a time, and from then on at an interval.
        FreezeAtTime = 11 "freeze_at_time",
        /// As [`Self::FreezeAtTime`], without a response.
        FreezeAtTimeNr = 12 "freeze_at_time_nr",
        /// Restart the device.
        ColdRestart = 13 "cold_restart",
        /// Restart its DNP3 application.
        WarmRestart = 14 "warm_restart",
        /// Obsolete.
        InitializeData = 15 "initialize_data",
        /// Make an application ready to run.
        InitializeApplication = 16 "initialize_application",
        /// Start an application.
        StartApplication = 17 "start_application",
        /// Stop an application.
        StopApplication = 18 "stop_application",
        /// Deprecated.
        SaveConfiguration = 19 "save_configuration",
        /// Let events be sent unasked.
        EnableUnsolicited = 20 "enable_unsolicited",
        /// Let events wait to be asked for.
        DisableUnsolicited = 21 "disable_unsolicited",
        /// Put points into an event class.
        AssignClass = 22 "assign_class",
        /// Answer, so that the way can be timed.
        DelayMeasure = 23 "delay_measure",
        /// Note the clock, for the write that sets it.
        RecordCurrentTime = 24 "record_current_time",
        /// Open or create a file.
        OpenFile = 25 "open_file",
        /// Close a file.
        CloseFile = 26 "close_file",
        /// Delete a file.
        DeleteFile = 27 "delete_file",
        /// Describe a file.
        GetFileInfo = 28 "get_file_info",
        /// Ask for a key to files, by a password in clear text.
        AuthenticateFile = 29 "authenticate_file",
        /// End a transfer.
        AbortFile = 30 "abort_file",
        /// Run on a configuration written before.
        ActivateConfig = 31 "activate_config",
        /// Secure Authentication, from the master.
        AuthRequest = 32 "auth_request",
        /// As [`Self::AuthRequest`], without a response.
        AuthRequestNr = 33 "auth_request_nr",
        /// The answer to a request.
        Response = 129 "response",
        /// Events, unasked.
        UnsolicitedResponse = 130 "unsolicited_response",
        /// Secure Authentication, from the outstation.
        AuthResponse = 131 "auth_response",
    }
}

impl FunctionCode {
    /// Whether only outstations send it, with IIN.
    #[must_use]
    pub const fn is_response(self) -> bool {
        matches!(self, Self::Response | Self::UnsolicitedResponse | Self::AuthResponse)
    }

    /// Whether objects of `group` and `variation` follow their headers, rather than being asked for
    /// or named. (Objects that bring their own size always follow.)
    pub(crate) const fn carries_objects(self, group: u8, variation: u8) -> bool {
        match self {
            Self::Write
            | Self::Select
            | Self::Operate
            | Self::DirectOperate
            | Self::DirectOperateNr
            | Self::OpenFile
            | Self::CloseFile
            | Self::DeleteFile
            | Self::GetFileInfo
            | Self::AuthenticateFile
            | Self::AbortFile
            | Self::ActivateConfig
            | Self::AuthRequest
            | Self::AuthRequestNr
            | Self::Response
            | Self::UnsolicitedResponse
            | Self::AuthResponse => true,
            Self::FreezeAtTime | Self::FreezeAtTimeNr => {
                matches!((group, variation), (50, 2) | (120, _))
            }
            // Any request may be authenticated in aggressive mode: g120v3 first, g120v9 last.
            Self::Confirm
            | Self::Read
            | Self::ImmedFreeze
            | Self::ImmedFreezeNr
            | Self::FreezeClear
            | Self::FreezeClearNr
            | Self::ColdRestart
            | Self::WarmRestart
            | Self::InitializeData
            | Self::InitializeApplication
            | Self::StartApplication
            | Self::StopApplication
            | Self::SaveConfiguration
            | Self::EnableUnsolicited
            | Self::DisableUnsolicited
            | Self::AssignClass
            | Self::DelayMeasure
            | Self::RecordCurrentTime
            | Self::Unknown(_) => group == 120,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_is_a_function_that_keeps_its_code() {
        let mut known = 0;
        for code in 0..=u8::MAX {
            let function = FunctionCode::from(code);
            assert_eq!(function.code(), code);
            assert_eq!(function == FunctionCode::Unknown(code), function.name() == "unknown");
            assert_eq!(function.is_response(), (129..=131).contains(&code));
            known += usize::from(function.name() != "unknown");
        }
        assert_eq!(known, 37);
    }

    #[test]
    fn reads_carry_no_objects_but_those_that_authenticate_them() {
        assert!(!FunctionCode::Read.carries_objects(30, 1));
        assert!(FunctionCode::Read.carries_objects(120, 3));
        assert!(FunctionCode::FreezeAtTime.carries_objects(50, 2));
        assert!(!FunctionCode::FreezeAtTime.carries_objects(20, 0));
        assert!(FunctionCode::Response.carries_objects(1, 0));
    }
}
