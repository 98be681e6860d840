//! What could make a live sensor blind on an interface, as far as Linux tells it in `/sys` and
//! `/proc`. Changes nothing.

use core::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Memory below which the kernel's buffers may not be had, in octets: 16 MiB an interface, and what
/// the sensor keeps of flows.
const MEMORY_OCTETS: u64 = 256 << 20;
/// Longest frames that every mirror port sends.
const FRAME_OCTETS: u64 = 1_500;

const IFF_UP: u64 = 0x1;
const IFF_PROMISC: u64 = 0x100;
const CAP_NET_RAW: u64 = 1 << 13;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Ok,
    /// May cost packets.
    Warn,
    /// Nothing will be seen.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// How it came out.
    pub state: State,
    /// What was looked at, in a word.
    pub name: &'static str,
    /// What was found, and what would help.
    pub what: String,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Fail => "fail",
        };
        write!(f, "{state:<4}  {:<11}  {}", self.name, self.what)
    }
}

/// The interfaces there are, below `root`, which is `/` but for tests.
#[must_use]
pub fn interfaces(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root.join("sys/class/net")).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

/// Looks at an interface that there is.
#[must_use]
pub fn examine(root: &Path, interface: &str) -> Vec<Check> {
    let host = Host { root, port: root.join("sys/class/net").join(interface), interface };
    let checks = [
        host.permission(),
        host.up(),
        host.carrier(),
        host.promiscuous(),
        host.traffic(),
        host.drops(),
        host.backlog(),
        host.duplex(),
        host.mtu(),
        host.memory(),
        host.clock(),
        host.kernel(),
    ];
    checks.into_iter().flatten().collect()
}

/// Where things are read.
struct Host<'h> {
    root: &'h Path,
    port: PathBuf,
    interface: &'h str,
}

#[expect(clippy::unnecessary_wraps, reason = "every check ends with it, or with nothing")]
fn check(state: State, name: &'static str, what: impl Into<String>) -> Option<Check> {
    Some(Check { state, name, what: what.into() })
}

impl Host<'_> {
    fn permission(&self) -> Option<Check> {
        let status = self.read("proc/self/status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
        let held = u64::from_str_radix(line.trim(), 16).ok()? & CAP_NET_RAW != 0;
        if held {
            check(State::Ok, "permission", "CAP_NET_RAW is held")
        } else {
            check(
                State::Fail,
                "permission",
                "CAP_NET_RAW is missing: run as root, or `setcap cap_net_raw=ep` the program",
            )
        }
    }

    fn up(&self) -> Option<Check> {
        if self.flags()? & IFF_UP != 0 {
            check(State::Ok, "up", "the interface is up")
        } else {
            let what = format!("the interface is down: `ip link set {} up`", self.interface);
            check(State::Fail, "up", what)
        }
    }

    /// Whether something is at the other end. Cannot be read of what is down.
    fn carrier(&self) -> Option<Check> {
        if self.of_port("carrier")? == 1 {
            check(State::Ok, "carrier", "the link is there")
        } else {
            check(State::Fail, "carrier", "no link: look at the cable and the mirror port")
        }
    }

    fn promiscuous(&self) -> Option<Check> {
        let now = if self.flags()? & IFF_PROMISC != 0 { "is on" } else { "is off" };
        let what = format!("{now}; gridtap turns it on while it listens");
        check(State::Ok, "promiscuous", what)
    }

    fn traffic(&self) -> Option<Check> {
        let packets = self.of_port("statistics/rx_packets")?;
        if packets > 0 {
            check(State::Ok, "traffic", format!("{packets} packets received since it came up"))
        } else {
            let what = "no packet received since it came up: is the mirror port on?";
            check(State::Warn, "traffic", what)
        }
    }

    fn drops(&self) -> Option<Check> {
        let names = [
            "rx_dropped",
            "rx_errors",
            "rx_missed_errors",
            "rx_fifo_errors",
            "rx_over_errors",
            "rx_crc_errors",
        ];
        let counted: Vec<String> = names
            .iter()
            .filter_map(|name| Some((name, self.of_port(&format!("statistics/{name}"))?)))
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        if counted.is_empty() {
            return check(State::Ok, "drops", "the interface counts no drops or errors");
        }
        let what = format!(
            "{}: if they grow, enlarge the ring (`ethtool -G {} rx 4096`), or look at the cable",
            counted.join(", "),
            self.interface,
        );
        check(State::Warn, "drops", what)
    }

    /// Packets that the kernel dropped before they came to any program, on all interfaces.
    fn backlog(&self) -> Option<Check> {
        let table = self.read("proc/net/softnet_stat")?;
        let dropped = table.lines().filter_map(|line| {
            let column = line.split_whitespace().nth(1)?;
            u64::from_str_radix(column, 16).ok()
        });
        let dropped = dropped.fold(0_u64, u64::saturating_add);
        if dropped == 0 {
            return check(State::Ok, "backlog", "the kernel's queues dropped nothing");
        }
        let what = format!(
            "the kernel's queues dropped {dropped} packets, of all interfaces: raise \
             net.core.netdev_max_backlog"
        );
        check(State::Warn, "backlog", what)
    }

    fn duplex(&self) -> Option<Check> {
        let duplex = fs::read_to_string(self.port.join("duplex")).ok()?;
        let speed =
            self.of_port("speed").map_or(String::new(), |speed| format!(", {speed} Mbit/s"));
        match duplex.trim() {
            "full" => check(State::Ok, "duplex", format!("full{speed}")),
            "half" => {
                let what = format!("half{speed}: a mirror port needs full duplex");
                check(State::Warn, "duplex", what)
            }
            // Virtual interfaces have none.
            _ => None,
        }
    }

    fn mtu(&self) -> Option<Check> {
        let mtu = self.of_port("mtu")?;
        if mtu >= FRAME_OCTETS {
            let what =
                format!("{mtu} octets; mirrors that tunnel (ERSPAN, VXLAN) need more than 1500");
            check(State::Ok, "mtu", what)
        } else {
            let what = format!(
                "{mtu} octets: longer frames are dropped: `ip link set {} mtu 1500`, or 9000",
                self.interface,
            );
            check(State::Warn, "mtu", what)
        }
    }

    fn memory(&self) -> Option<Check> {
        let table = self.read("proc/meminfo")?;
        let line = table.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
        let what = format!("{} MiB available", kib / 1_024);
        if kib.saturating_mul(1_024) >= MEMORY_OCTETS {
            check(State::Ok, "memory", what)
        } else {
            check(State::Warn, "memory", format!("{what}: the kernel's buffers may not be had"))
        }
    }

    fn clock(&self) -> Option<Check> {
        let path = "sys/devices/system/clocksource/clocksource0/current_clocksource";
        let source = self.read(path)?;
        let source = source.trim();
        if matches!(source, "hpet" | "acpi_pm" | "jiffies" | "pit") {
            let what = format!("clock source {source} is slow to read, once a packet: prefer tsc");
            return check(State::Warn, "clock", what);
        }
        check(State::Ok, "clock", format!("clock source {source}"))
    }

    fn kernel(&self) -> Option<Check> {
        let release = self.read("proc/sys/kernel/osrelease")?;
        check(State::Ok, "kernel", format!("Linux {}", release.trim()))
    }

    fn flags(&self) -> Option<u64> {
        let flags = fs::read_to_string(self.port.join("flags")).ok()?;
        u64::from_str_radix(flags.trim().strip_prefix("0x")?, 16).ok()
    }

    /// A number that the kernel tells of the interface.
    fn of_port(&self, file: &str) -> Option<u64> {
        fs::read_to_string(self.port.join(file)).ok()?.trim().parse().ok()
    }

    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root.join(path)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host with one interface, `span0`, with nothing wrong, but for what `files` say.
    fn examined(files: &[(&str, &str)]) -> Vec<Check> {
        let root = tempfile::tempdir().unwrap();
        let port = "sys/class/net/span0";
        let healthy = [
            ("proc/self/status", "Name:\tx\nCapEff:\t0000000000002000\n"),
            ("proc/net/softnet_stat", "00000a 00000000 0\n00000b 00000000 0\n"),
            ("proc/meminfo", "MemTotal: 9 kB\nMemAvailable:    8000000 kB\n"),
            ("proc/sys/kernel/osrelease", "6.1.0\n"),
            ("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n"),
        ];
        let of_port = [
            ("flags", "0x1003\n"),
            ("carrier", "1\n"),
            ("duplex", "full\n"),
            ("speed", "1000\n"),
            ("mtu", "1500\n"),
            ("statistics/rx_packets", "7\n"),
            ("statistics/rx_dropped", "0\n"),
        ];
        let of_port = of_port.map(|(file, text)| (format!("{port}/{file}"), text));
        let healthy = healthy.map(|(file, text)| (file.to_owned(), text)).into_iter();
        let changed = files.iter().map(|(file, text)| (file.replace("port", port), *text));
        for (file, text) in healthy.chain(of_port).chain(changed) {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        assert_eq!(interfaces(root.path()), ["span0"]);
        examine(root.path(), "span0")
    }

    #[test]
    fn a_healthy_interface_is_ok_in_every_line() {
        let checks = examined(&[]);
        assert_eq!(checks.len(), 12);
        assert!(checks.iter().all(|check| check.state == State::Ok), "{checks:?}");
        assert_eq!(checks[0].to_string(), "ok    permission   CAP_NET_RAW is held");
    }

    #[test]
    fn each_trouble_is_told_with_what_would_help() {
        let table = [
            ("proc/self/status", "CapEff: 0000000000001000\n", State::Fail, "setcap"),
            ("port/flags", "0x1002\n", State::Fail, "`ip link set span0 up`"),
            ("port/carrier", "0\n", State::Fail, "cable"),
            ("port/statistics/rx_packets", "0\n", State::Warn, "mirror port"),
            ("port/statistics/rx_missed_errors", "12\n", State::Warn, "rx_missed_errors 12: "),
            ("proc/net/softnet_stat", "1 ff 0\n1 1 0\n", State::Warn, "dropped 256 packets"),
            ("port/duplex", "half\n", State::Warn, "half, 1000 Mbit/s"),
            ("port/mtu", "1400\n", State::Warn, "1400 octets"),
            ("proc/meminfo", "MemAvailable: 1000 kB\n", State::Warn, "0 MiB available"),
            (
                "sys/devices/system/clocksource/clocksource0/current_clocksource",
                "hpet\n",
                State::Warn,
                "tsc",
            ),
        ];
        for (file, text, state, said) in table {
            let checks = examined(&[(file, text)]);
            let odd: Vec<_> = checks.iter().filter(|check| check.state != State::Ok).collect();
            assert_eq!(odd.len(), 1, "{file}: {checks:?}");
            assert_eq!(odd[0].state, state, "{file}");
            assert!(odd[0].what.contains(said), "{file}: {}", odd[0]);
        }
    }

    #[test]
    fn what_the_kernel_does_not_tell_is_left_out() {
        for (file, lines) in [("port/flags", 10), ("proc/meminfo", 11), ("port/mtu", 11)] {
            assert_eq!(examined(&[(file, "?\n")]).len(), lines, "{file}");
        }
    }
}
