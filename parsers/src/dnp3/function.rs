//! Application function codes.

use super::codes::codes;

codes! {
    /// What a fragment asks for or is.
    FunctionCode: u8 {
        Confirm = 0, "confirm", "A fragment was received; sent by either side.";
        Read = 1, "read", "Send objects.";
        Write = 2, "write", "Store objects.";
        Select = 3, "select", "Arm outputs for the operate that follows.";
        Operate = 4, "operate", "Operate the outputs selected before.";
        DirectOperate = 5, "direct_operate", "Operate outputs at once.";
        DirectOperateNr = 6, "direct_operate_nr", "Operate outputs at once, without a response.";
        ImmedFreeze = 7, "immed_freeze", "Freeze counters or analog inputs.";
        ImmedFreezeNr = 8, "immed_freeze_nr", "As [`Self::ImmedFreeze`], without a response.";
        FreezeClear = 9, "freeze_clear", "Freeze counters, then zero them.";
        FreezeClearNr = 10, "freeze_clear_nr", "As [`Self::FreezeClear`], without a response.";
        FreezeAtTime = 11, "freeze_at_time", "Freeze at a time, and from then on at an interval.";
        FreezeAtTimeNr = 12, "freeze_at_time_nr", "As [`Self::FreezeAtTime`], without a response.";
        ColdRestart = 13, "cold_restart", "Restart the device.";
        WarmRestart = 14, "warm_restart", "Restart its DNP3 application.";
        InitializeData = 15, "initialize_data", "Obsolete.";
        InitializeApplication = 16, "initialize_application", "Make an application ready to run.";
        StartApplication = 17, "start_application", "Start an application.";
        StopApplication = 18, "stop_application", "Stop an application.";
        SaveConfiguration = 19, "save_configuration", "Deprecated.";
        EnableUnsolicited = 20, "enable_unsolicited", "Let events be sent unasked.";
        DisableUnsolicited = 21, "disable_unsolicited", "Let events wait to be asked for.";
        AssignClass = 22, "assign_class", "Put points into an event class.";
        DelayMeasure = 23, "delay_measure", "Answer, so that the way can be timed.";
        RecordCurrentTime = 24, "record_current_time", "Note the clock, for the write that sets it.";
        OpenFile = 25, "open_file", "Open or create a file.";
        CloseFile = 26, "close_file", "Close a file.";
        DeleteFile = 27, "delete_file", "Delete a file.";
        GetFileInfo = 28, "get_file_info", "Describe a file.";
        AuthenticateFile = 29, "authenticate_file", "Ask for a key to files, by a password in clear text.";
        AbortFile = 30, "abort_file", "End a transfer.";
        ActivateConfig = 31, "activate_config", "Run on a configuration written before.";
        AuthRequest = 32, "auth_request", "Secure Authentication, from the master.";
        AuthRequestNr = 33, "auth_request_nr", "As [`Self::AuthRequest`], without a response.";
        Response = 129, "response", "The answer to a request.";
        UnsolicitedResponse = 130, "unsolicited_response", "Events, unasked.";
        AuthResponse = 131, "auth_response", "Secure Authentication, from the outstation.";
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
