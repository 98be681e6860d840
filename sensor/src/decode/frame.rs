//! What is left of a packet while its layers come off.

use super::decoder::Skip;
use super::twins::Sight;
use crate::source::Packet;

/// Most tunnels in each other.
pub(super) const TUNNELS: usize = 4;

/// A layer's octets and what the layers around it said about them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) source_mac: Option<&'a [u8; 6]>,
    pub(super) destination_mac: Option<&'a [u8; 6]>,
    pub(super) vlan: Option<u16>,
    /// From the next header to the end of what was kept, trailers included.
    pub(super) octets: &'a [u8],
    /// How many octets are missing at the end because the capture, or a mirror, did not keep them,
    /// at most.
    pub(super) unkept: u32,
    /// Tunnels that were taken off.
    pub(super) tunnels: usize,
    /// What the capture would see again if it saw the packet twice, until that is looked up.
    pub(super) sight: Option<Sight<'a>>,
}

impl<'a> Frame<'a> {
    /// All of a packet.
    #[inline]
    pub(super) fn of(packet: &Packet<'a>) -> Self {
        let kept = u32::try_from(packet.octets.len()).unwrap_or(u32::MAX);
        Self {
            source_mac: None,
            destination_mac: None,
            vlan: None,
            octets: packet.octets,
            unkept: packet.wire_octets.saturating_sub(kept),
            tunnels: 0,
            sight: Some(Sight::new(packet.octets, packet.wire_octets)),
        }
    }

    /// Counts a tunnel, the header of which is to be taken off.
    pub(super) fn enter_tunnel(&mut self) -> Result<(), Skip> {
        if self.tunnels >= TUNNELS {
            return Err(Skip::TooDeep);
        }
        self.tunnels = self.tunnels.saturating_add(1);
        Ok(())
    }

    /// Takes `N` octets off the front.
    #[inline]
    pub(super) fn take<const N: usize>(&mut self) -> Result<&'a [u8; N], Skip> {
        let (taken, rest) = self.octets.split_first_chunk().ok_or(Skip::Malformed)?;
        self.octets = rest;
        Ok(taken)
    }

    /// Where in the sight the octets begin, if they reach to its end.
    pub(super) fn place_in_sight(&self) -> Option<usize> {
        let sight = self.sight?.octets;
        (sight.as_ptr_range().end == self.octets.as_ptr_range().end)
            .then_some(sight.len().saturating_sub(self.octets.len()))
    }
}
