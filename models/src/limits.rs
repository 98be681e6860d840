//! How much is learned at most, so that a flood of new names cannot grow the memory.
//!
//! Where a limit is reached, what is known goes on being counted and new names are not learned; the
//! ledger counts how often, its file says so, and what was not learned is judged as never seen.

/// Conversations in all.
pub const CONVERSATIONS: usize = 10_000;

/// Functions of one conversation.
pub const FUNCTIONS_A_CONVERSATION: usize = 64;

/// Functions of all conversations.
pub const FUNCTIONS: usize = 100_000;

/// Commands (intent and point) learned of one device, counted for each client that gave them.
pub const POINTS_A_DEVICE: usize = 10_000;

/// Commands (intent and point) learned in all, counted for each client that gave them.
pub const POINTS: usize = 100_000;

/// Spans that are read of one device.
pub const READS_A_DEVICE: usize = 1_024;

/// Spans that are read of all devices.
pub const READS: usize = 100_000;

/// Points of one act that are looked at one by one: more than the 1,968 coils of the longest Modbus
/// write, fewer than a DNP3 range can claim.
pub const POINTS_AN_ACT: usize = 2_000;

/// Points of one device whose reported values are learned.
pub const REPORTED_A_DEVICE: usize = 10_000;

/// Points of all devices whose reported values are learned.
pub const REPORTED: usize = 100_000;

/// Addresses of the link layer of one host.
pub const MACS_A_HOST: usize = 16;

/// Addresses of the link layer of all hosts.
pub const MACS: usize = 20_000;

/// Pairs of hosts of which one asks the other for connections.
pub const ATTEMPTS: usize = 10_000;

/// Conversations that speak on the link.
pub const LINKS: usize = 10_000;

/// Pairs of hosts, each with a number of connections between them that are used at once.
pub const AT_ONCE: usize = 10_000;

/// Connections between two hosts that are told apart at once; more are counted as so many.
pub const CONNECTIONS_AT_ONCE: u8 = 8;

/// Counts of hops left of the packets of one host.
pub const HOPS_A_HOST: usize = 8;

/// Counts of hops left of the packets of all hosts.
pub const HOPS: usize = 20_000;

/// Distinct values of one commanded or reported point; with one more, only their range is kept.
pub const VALUES_A_POINT: usize = 16;

/// Bins of one spread of numbers; with one more, they become coarser.
pub const BINS: usize = 32;

/// Ranges of time segments of one tally; with one more, the oldest is dropped.
pub const SEGMENT_RANGES: usize = 64;

/// Rulings of people.
pub const RULINGS: usize = 10_000;

/// Octets of a function's name.
pub const NAME_OCTETS: usize = 64;

/// A limit of what is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Limit {
    /// [`CONVERSATIONS`].
    Conversations,
    /// [`FUNCTIONS_A_CONVERSATION`] or [`FUNCTIONS`].
    Functions,
    /// [`POINTS_A_DEVICE`], [`POINTS`] or [`POINTS_AN_ACT`].
    Points,
    /// [`READS_A_DEVICE`] or [`READS`].
    Reads,
    /// [`REPORTED_A_DEVICE`] or [`REPORTED`].
    Reported,
    /// [`MACS_A_HOST`] or [`MACS`].
    Macs,
    /// [`HOPS_A_HOST`] or [`HOPS`].
    Hops,
    /// [`ATTEMPTS`].
    Attempts,
    /// [`LINKS`].
    Links,
    /// [`AT_ONCE`].
    Connections,
}
