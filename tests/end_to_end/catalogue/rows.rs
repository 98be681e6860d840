//! The rows: an attack of the simulator, what finds it, and what is like it and benign.

use core::fmt;

use gridtap_captures::simulate::Protocol;

/// A row.
pub(super) struct Row {
    /// Its number in the catalogue.
    pub(super) number: &'static str,
    pub(super) speaks: Protocol,
    /// The attack, with its parameters.
    pub(super) plan: &'static str,
    /// Whether who attacks has the master's own addresses.
    pub(super) as_master: bool,
    /// The kind of finding, and the detector.
    pub(super) kind: &'static str,
    pub(super) detector: &'static str,
    /// Messages of the attack until it is found, at most; none where the time without them tells.
    pub(super) messages: Option<usize>,
    pub(super) twin: Twin,
    /// How long it is simulated, in minutes.
    pub(super) minutes: u64,
    /// How many seconds of that are left out: the sessions' beginnings, which tell of themselves.
    pub(super) begin_s: u64,
    /// Whether the site's outstations ask for proof of who commands.
    pub(super) secure: bool,
}

/// What is like an attack and benign.
pub(super) enum Twin {
    /// An hour of what is usual, in which operators command as they do.
    Usual,
    /// The same, learned.
    Learned,
    /// The same, after a person ruled that it is normal.
    Approved,
    /// A look-alike of the simulator.
    Like(&'static str),
}

/// `| 4 | rogue-write | modbus | new-writer (conversation) | 1 | approved |`: how its line of the page begins.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.plan.split(':').next().unwrap_or_default();
        let protocol = match self.speaks {
            Protocol::Modbus => "Modbus",
            Protocol::Dnp3 => "DNP3",
        };
        let within = self.messages.map_or_else(|| "time".to_owned(), |most| most.to_string());
        let Self { number, kind, detector, twin, .. } = self;
        write!(
            f,
            "| {number} | `{name}` | {protocol} | `{kind}` | {detector} | {within} | {twin} |"
        )
    }
}

impl fmt::Display for Twin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usual => f.write_str("usual traffic"),
            Self::Learned => f.write_str("the same, learned"),
            Self::Approved => f.write_str("the same, approved"),
            Self::Like(name) => {
                write!(f, "`{name}`", name = name.split(':').next().unwrap_or(name))
            }
        }
    }
}

impl Row {
    /// A file of its own.
    pub(super) fn file(&self, ending: &str) -> String {
        let at = ROWS.iter().position(|row| core::ptr::eq(row, self)).unwrap();
        format!("{at}.{ending}")
    }

    const fn by(mut self, kind: &'static str, detector: &'static str) -> Self {
        (self.kind, self.detector) = (kind, detector);
        self
    }

    /// By the time that passes, and not by messages.
    const fn by_time(mut self) -> Self {
        self.messages = None;
        self
    }

    const fn within(mut self, messages: usize) -> Self {
        self.messages = Some(messages);
        self
    }

    const fn lasting(mut self, minutes: u64) -> Self {
        self.minutes = minutes;
        self
    }

    const fn whole(mut self) -> Self {
        self.begin_s = 0;
        self
    }

    const fn masked(mut self) -> Self {
        self.as_master = true;
        self
    }

    const fn secure(mut self) -> Self {
        self.secure = true;
        self
    }

    const fn like(mut self, twin: Twin) -> Self {
        self.twin = twin;
        self
    }
}

const fn row(number: &'static str, speaks: Protocol, plan: &'static str) -> Row {
    Row {
        number,
        speaks,
        plan,
        as_master: false,
        kind: "",
        detector: "",
        messages: Some(1),
        twin: Twin::Usual,
        minutes: 8,
        begin_s: 60,
        secure: false,
    }
}

const fn modbus(number: &'static str, plan: &'static str) -> Row {
    row(number, Protocol::Modbus, plan)
}

const fn dnp3(number: &'static str, plan: &'static str) -> Row {
    row(number, Protocol::Dnp3, plan)
}

use Twin::{Approved, Learned, Like};

/// All rows.
#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    modbus("1", "host-scan").by("host-scan", "fanout").by_time(),
    dnp3("1", "host-scan").by("host-scan", "fanout").by_time(),
    modbus("1", "unit-scan:count=30").by("unit-scan", "fanout").within(20).like(Like("new-laptop")),
    dnp3("1", "unit-scan:count=30").by("new-conversation", "link"),
    dnp3("1", "unit-scan:count=30").masked().by("unit-scan", "fanout").within(10),
    modbus("2", "point-scan:count=60").by("refusal-flood", "volume").within(60).like(Like("new-laptop")),
    dnp3("2", "point-scan:count=60").by("point-scan", "fanout").within(30).like(Like("new-laptop")),
    modbus("2", "function-scan").by("function-scan", "fanout").within(30).like(Like("new-laptop")),
    dnp3("2", "function-scan").by("function-scan", "fanout").within(30).like(Like("new-laptop")),
    modbus("2", "identify").by("new-conversation", "conversation").like(Learned),
    dnp3("2", "identify").by("new-conversation", "conversation").like(Learned),
    modbus("3", "collection:count=20").by("point-scan", "fanout").within(40).like(Learned),
    dnp3("3", "collection:count=20").by("point-scan", "fanout").within(40).like(Learned),
    modbus("4", "rogue-write").by("new-writer", "conversation").like(Approved),
    dnp3("4", "rogue-write").by("new-writer", "conversation").like(Approved),
    modbus("4", "rogue-write").masked().by("second-connection", "session").by_time().like(Learned),
    dnp3("4", "rogue-write").masked().by("second-connection", "session").by_time().like(Learned),
    modbus("5", "new-point").by("new-point", "point").like(Learned),
    dnp3("5", "new-point").by("new-point", "point").like(Learned),
    modbus("5", "new-verb").by("first-command", "function").like(Learned),
    dnp3("5", "new-verb").by("new-verb", "verb").like(Approved),
    modbus("5", "injected-command").by("disowned-segment", "conformance").by_time(),
    dnp3("5", "injected-command").by("new-verb", "verb"),
    modbus("6", "brute-force-io").by("command-flood", "volume").within(60),
    dnp3("6", "brute-force-io").by("command-flood", "volume").within(60),
    modbus("7", "setpoint-out-of-range").by("value-out-of-range", "value").within(3).like(Learned),
    dnp3("7", "setpoint-out-of-range").by("value-out-of-range", "value").like(Learned),
    modbus("8", "setpoint-drift:count=40:every_min=1").by("value-out-of-range", "value").within(80).lasting(60),
    dnp3("8", "setpoint-drift:count=40:every_min=1").by("value-out-of-range", "value").within(80).lasting(60),
    modbus("9", "replayed-view:back_min=8:minutes=8").masked().by("replayed-view", "repetition").within(40).lasting(45),
    dnp3("9", "replayed-view:back_min=8:minutes=8").masked().by("counter-back", "reading").within(60).lasting(45),
    modbus("10", "changed-response:minutes=4:percent=160").masked().by("reading-jump", "reading").within(4).lasting(15),
    dnp3("10", "changed-response:minutes=4:percent=300").masked().by("reading-jump", "reading").within(10).lasting(15),
    modbus("10", "changed-command:minutes=8").masked().by("no-effect", "readback").by_time().lasting(20),
    dnp3("10", "changed-command:minutes=8").masked().by("no-effect", "readback").by_time().lasting(20),
    modbus("11", "frozen-view:minutes=8").masked().by("frozen-view", "reading").within(40).lasting(20),
    dnp3("11", "frozen-view:minutes=8").masked().by("frozen-view", "reading").within(200).lasting(20),
    modbus("12", "blocked-command:minutes=8").masked().by("unanswered-command", "unanswered").by_time().lasting(20),
    dnp3("12", "blocked-command:minutes=8").masked().by("unanswered-command", "unanswered").by_time().lasting(20),
    modbus("12", "blocked-response:minutes=10").masked().by("client-silent", "silence").by_time().lasting(30),
    dnp3("12", "blocked-response:minutes=10").masked().by("server-silent", "silence").by_time().lasting(30),
    dnp3("12", "blocked-report:minutes=12").masked().by("report-out-of-turn", "conformance").by_time().lasting(60),
    modbus("13", "delayed-response:minutes=5").masked().by("slow-answers", "delay").within(40).lasting(15),
    dnp3("13", "delayed-response:minutes=5").masked().by("slow-answers", "delay").within(40).lasting(15),
    modbus("14", "query-flood:count=1000").by("request-flood", "volume").within(1_500),
    dnp3("14", "query-flood:count=1000").by("request-flood", "volume").within(1_500),
    modbus("14", "connection-flood").by("connection-flood", "volume").by_time(),
    dnp3("14", "connection-flood").by("connection-flood", "volume").by_time(),
    dnp3("15", "unsolicited-flood").by("report-flood", "volume").within(600).lasting(12),
    modbus("16", "malformed:count=12").by("malformed", "conformance").within(4),
    dnp3("16", "malformed:count=12").by("new-conversation", "conversation").within(6).like(Approved),
    dnp3("17", "cold-restart").masked().by("restart", "danger").like(Approved),
    dnp3("17", "warm-restart").masked().by("restart", "danger").like(Like("power-cut")),
    modbus("17", "restart-communications").masked().by("restart", "danger").like(Approved),
    modbus("18", "listen-only:minutes=2").masked().by("restart", "danger").like(Approved),
    modbus("19", "clear-counters").masked().by("new-intent", "function").like(Learned),
    dnp3("19", "clear-counters").masked().by("new-function", "function").like(Learned),
    dnp3("19", "clear-restart").masked().by("clear-without-restart", "conformance").like(Like("power-cut")),
    dnp3("20", "disable-unsolicited:minutes=2").masked().by("mute", "danger").like(Approved),
    dnp3("20", "assign-class").masked().by("first-configure", "function").like(Learned),
    dnp3("21", "time-tampering").masked().whole().by("set-time-skew", "setpoint"),
    dnp3("22", "operate-without-select").masked().by("operate-without-select", "conformance"),
    dnp3("22", "select-without-operate").masked().by("select-without-operate", "selection").within(6),
    dnp3("22", "operate-differs").masked().by("operate-differs", "conformance").within(3),
    dnp3("23", "no-ack").masked().by("unacknowledged-command", "danger").like(Approved),
    modbus("23", "broadcast").masked().by("broadcast-command", "danger").like(Approved),
    dnp3("23", "broadcast").masked().by("broadcast-command", "danger").like(Approved),
    modbus("24", "file-transfer").masked().by("store-file", "danger").within(4).like(Approved),
    dnp3("24", "file-transfer").masked().by("first-file", "function").like(Learned),
    dnp3("24", "file-delete").masked().by("store-file", "danger").like(Approved),
    modbus("24", "umas").by("program", "danger").like(Approved),
    dnp3("25", "stop-application").masked().by("restart", "danger").like(Approved),
    dnp3("26", "spoofed-indications:minutes=5").masked().by("device-trouble", "conformance").within(2).like(Like("power-cut")),
    dnp3("26", "forged-report").by("report-out-of-turn", "conformance").within(3).lasting(30),
    dnp3("27", "authentication-downgrade:minutes=20").secure().by("authentication-downgrade", "authentication").by_time().lasting(40),
    modbus("28", "covert-channel:count=40").by("command-flood", "volume").within(80).lasting(40),
    dnp3("28", "covert-channel:count=40").by("command-flood", "volume").within(80).lasting(40),
    modbus("29", "other-protocol").by("other-protocol", "conformance").by_time(),
    dnp3("29", "other-protocol").by("other-protocol", "conformance").by_time(),
    modbus("30a", "industroyer").by("new-writer", "conversation").like(Approved),
    dnp3("30a", "industroyer").by("new-writer", "conversation").like(Learned),
    modbus("30b", "frostygoop").by("new-writer", "conversation").within(5).like(Like("new-laptop")),
    modbus("30c", "incontroller").by("new-writer", "conversation").within(20).like(Like("new-laptop")),
];
