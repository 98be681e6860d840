"""The form into which messages of both sides are brought before they are compared."""

import dataclasses

# Internal indications, first octet first, as `gridtap messages` names them.
IIN = (
    "BROADCAST CLASS_1_EVENTS CLASS_2_EVENTS CLASS_3_EVENTS NEED_TIME LOCAL_CONTROL "
    "DEVICE_TROUBLE DEVICE_RESTART NO_FUNC_CODE_SUPPORT OBJECT_UNKNOWN PARAMETER_ERROR "
    "EVENT_BUFFER_OVERFLOW ALREADY_EXECUTING CONFIG_CORRUPT RESERVED_1 RESERVED_2"
).split()
PRIMARY = {
    0: "reset_link_states", 1: "reset_user_process", 2: "test_link_states",
    3: "confirmed_user_data", 4: "unconfirmed_user_data", 9: "request_link_status",
}
SECONDARY = {0: "ack", 1: "nack", 11: "link_status", 14: "link_not_functioning", 15: "not_supported"}
OPERATION = {0: "nul", 1: "pulse_on", 2: "pulse_off", 3: "latch_on", 4: "latch_off"}
TRIP_CLOSE = {0: "nul", 1: "close", 2: "trip"}
STATUS = {
    code: name for code, name in enumerate(
        "success timeout no_select format_error not_supported already_active hardware_error local "
        "too_many_objs not_authorized automation_inhibit processing_limited out_of_range "
        "downstream_local already_complete blocked cancelled blocked_other_master "
        "downstream_fail".split())
} | {126: "non_participating", 127: "undefined"}
FILE_STATUS = {
    code: name for code, name in enumerate(
        "success permission_denied invalid_mode file_not_found file_locked too_many_open "
        "invalid_handle write_block_size comm_lost cannot_abort".split())
} | {16: "not_opened", 17: "handle_expired", 18: "buffer_overrun", 19: "fatal",
     20: "block_sequence", 255: "undefined"}
FILE_MODE = ("null", "read", "write", "append")
DOUBLE_BIT = ("intermediate", "off", "on", "indeterminate")
USER_DATA = ("confirmed_user_data", "unconfirmed_user_data")


@dataclasses.dataclass
class Message:
    """One message: the packet that completed it, what kind it is, and its fields."""

    packet: int
    protocol: str  # modbus, dnp3, or dnp3.link
    fields: dict
    # Of DNP3: [(header, [point])], where a header is (group, variation, qualifier, start, stop,
    # count) and a point a dict.
    objects: list = dataclasses.field(default_factory=list)

    def label(self):
        """What it is, in a few words."""
        function = self.fields.get("function", self.fields.get("link_function"))
        return f"{self.protocol} {self.fields.get('direction', '-')} {function}"


def label(header):
    """An object header in a few words."""
    group, variation, qualifier, start, stop, count = header
    where = f"{start}..{stop}" if start is not None else "all" if count is None else f"x{count}"
    return f"g{group}v{variation}/{qualifier:02x} {where}"
