//! DNP3 Secure Authentication: outstations that ask for proof before they do anything critical, and the session keys
//! that proofs are made with.

use super::channel::Channel;
use super::clock::{MINUTE, MS, US, as_ms, times};
use super::device::Device;
use super::exchange::{Ask, Over, Part, Round};
use super::outstation as dnp3;
use super::random::hash;
use super::tamper::{Tamper, What};
use super::world::World;
use crate::dnp3::authentication::{
    AUTHENTICATION_FAILED, KEYS_NOT_INITIALISED, KEYS_OK, challenge, error, key_change, key_status,
    key_status_request, reply, request, response,
};
use crate::dnp3::fragment::function;

/// The user that masters are, if there is no other.
const USER: u16 = 1;
/// How long session keys are used.
const KEYS_LAST: u64 = 15 * MINUTE;

/// What an outstation counts that asks for proof.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Proofs {
    challenges: u32,
    key_changes: u32,
}

/// Octets that look like chance: challenges, keys, codes.
fn chance(parts: &[u64], count: usize) -> Vec<u8> {
    let words = (0_u64..).map(|word| hash(&[hash(parts), word]));
    words.flat_map(u64::to_le_bytes).take(count).collect()
}

impl dnp3::Ask {
    /// Whether an outstation that authenticates wants proof before it does this.
    pub(super) fn is_critical(&self) -> bool {
        match self {
            Self::Classes(_)
            | Self::Range { .. }
            | Self::DelayMeasure
            | Self::Authenticate { .. } => false,
            Self::Asked { function, .. } => *function != function::READ,
            // Functions that nobody has are refused as they are.
            Self::Other { function, .. } => *function <= function::ACTIVATE_CONFIG,
            Self::Command { .. }
            | Self::WriteTime(_)
            | Self::ClearRestart
            | Self::Restart { .. }
            | Self::Enable(_)
            | Self::Disable(_) => true,
        }
    }
}

/// Whether somebody keeps an outstation from asking for proof.
pub(super) fn downgraded(tampers: &[Tamper]) -> bool {
    tampers.iter().any(|tamper| matches!(tamper.what, What::Downgrade))
}

/// Has session keys changed as long as the site lives.
pub(super) fn begin(world: &mut World) {
    let secure: Vec<usize> =
        (0..).zip(&world.devices).filter(|(_, it)| it.proofs.is_some()).map(|(id, _)| id).collect();
    for (place, device) in (1_u64..).zip(secure) {
        let first = KEYS_LAST.saturating_add(times(place, 900 * MS));
        world.after(first, move |world| change_keys(world, device));
    }
}

fn change_keys(world: &mut World, device: usize) {
    world.after(KEYS_LAST, move |world| change_keys(world, device));
    let Some(host) = world.master_of(device) else { return };
    if downgraded(&world.tampers_with(device)) {
        return;
    }
    for ask in world.new_keys(device) {
        world.ask(host, device, &Ask::Dnp3(ask), &Part::None);
    }
}

impl World {
    /// What a master and an outstation say to agree on session keys.
    pub(super) fn new_keys(&mut self, device: usize) -> Vec<dnp3::Ask> {
        let Some(it) = self.devices.get_mut(device) else { return Vec::new() };
        let seed = it.seed;
        let Some(proofs) = &mut it.proofs else { return Vec::new() };
        proofs.key_changes = proofs.key_changes.wrapping_add(1);
        let (number, fresh) = (proofs.key_changes, u64::from(proofs.key_changes));
        let octets = |what: u64, count| chance(&[seed, fresh, what], count);
        let status = if number == 1 { KEYS_NOT_INITIALISED } else { KEYS_OK };
        let before = if number == 1 { Vec::new() } else { octets(1, 16) };
        vec![
            dnp3::Ask::Authenticate {
                asked: key_status_request(USER),
                answer: key_status(number, USER, status, &octets(2, 8), &before),
            },
            dnp3::Ask::Authenticate {
                asked: key_change(number, USER, &octets(3, 88)),
                answer: key_status(number, USER, KEYS_OK, &octets(4, 8), &octets(5, 16)),
            },
        ]
    }

    /// The outstation asks for proof of a request. When proof arrived, if it holds; else the exchange is over.
    pub(super) fn prove(
        &mut self,
        channel: &mut Channel,
        round: &Round,
        sequence: u8,
        served: u64,
    ) -> Result<u64, Over> {
        let over = Over { at: served, answered: false };
        let network = &self.site.network;
        let (delay_us, jitter_us) = (network.delay_us, network.jitter_us);
        let Some(host) = self.hosts.get(round.host) else { return Err(over) };
        // Whoever is no master of the site has no key.
        let (link, has_key) = (host.link_address, host.is_master);
        let Some(device) = self.devices.get_mut(round.device) else { return Err(over) };
        let (address, iin) = (device.address, device.outstation.iin());
        let Some((number, asked)) = device.challenge() else { return Err(over) };
        let demand = response(sequence, iin, asked);
        let frames = channel.line(link, address).outstation.frames(&demand);
        let at = served.saturating_add(channel.way(delay_us, jitter_us));
        channel.session.server_sends(at, &frames);

        let seed = if has_key { 1 } else { 2 };
        let mac = chance(&[seed, u64::from(address), u64::from(number)], 16);
        let frames = channel
            .line(link, address)
            .master
            .frames(&request(sequence, reply(number, USER, &mac)));
        let at = at.saturating_add(times(channel.chance.between(900, 4_000), US));
        channel.session.client_sends(at, &frames);
        self.counts.dnp3 = self.counts.dnp3.saturating_add(2);
        let at = at.saturating_add(channel.way(delay_us, jitter_us)).saturating_add(times(3, MS));
        if has_key {
            channel.flush(&mut self.wire, round.all.as_ref(), None);
            return Ok(at);
        }
        let error = error(number, USER, AUTHENTICATION_FAILED, as_ms(at));
        let frames = channel.line(link, address).outstation.frames(&response(sequence, iin, error));
        channel.session.server_sends(at, &frames);
        self.counts.dnp3 = self.counts.dnp3.saturating_add(1);
        let at = at.saturating_add(times(channel.chance.between(300, 2_000), US));
        channel.session.client_acks(at);
        channel.flush(&mut self.wire, round.all.as_ref(), None);
        channel.free_at = at.saturating_add(times(200, US));
        Err(Over { at, answered: false })
    }
}

impl Device {
    /// The next demand for a proof, and its number; none if the outstation does not ask for any.
    pub(super) fn challenge(&mut self) -> Option<(u32, crate::dnp3::Header)> {
        let proofs = self.proofs.as_mut()?;
        proofs.challenges = proofs.challenges.wrapping_add(1);
        let number = proofs.challenges;
        Some((number, challenge(number, USER, &chance(&[self.seed, number.into(), 6], 8))))
    }
}
