//! Whether a site makes sense: every name is that of something, and every number fits.

use std::collections::BTreeSet;

use super::place::Place;
use super::site::{Behaviour, Devices, Happening, How, Model, Poll, Protocol, Site};

/// Devices of a site, at most.
const MOST_DEVICES: usize = 2_000;
/// The shortest time between polls, in milliseconds.
const FASTEST_POLL_MS: u64 = 50;

impl Site {
    /// The site, if it makes sense.
    pub(super) fn checked(self) -> Result<Self, String> {
        self.check_hosts_and_devices()?;
        for (name, model) in &self.models {
            check_model(model).map_err(|error| format!("models.{name}: {error}"))?;
        }
        for poll in &self.polls {
            self.check_poll(poll).map_err(|error| format!("polls of {}: {error}", poll.host))?;
        }
        for operator in &self.operators {
            let model = self.model_of(&operator.devices)?;
            self.check_host(&operator.host)?;
            let dnp3 = matches!(operator.how, How::Select | How::Direct);
            if dnp3 != (model.protocol == Protocol::Dnp3) {
                return Err(format!(
                    "operators of {}: not a way of its protocol",
                    operator.devices
                ));
            }
            for place in &operator.points {
                let known = point(model, *place);
                if !matches!(known, Some(Behaviour::Held | Behaviour::Steps)) {
                    return Err(format!(
                        "operators: {place} of {} cannot be set",
                        operator.devices
                    ));
                }
            }
        }
        for upkeep in &self.upkeep {
            if matches!(
                upkeep.is,
                Happening::Failover
                    | Happening::Reconnect
                    | Happening::Maintenance
                    | Happening::Time
            ) {
                self.check_host(&upkeep.host)?;
            }
            if !matches!(upkeep.is, Happening::Failover | Happening::Reconnect) {
                self.model_of(&upkeep.devices)?;
            }
            if upkeep.hour.is_some_and(|hour| hour > 23) {
                return Err("upkeep: an hour is 0 to 23".to_owned());
            }
        }
        Ok(self)
    }

    fn check_hosts_and_devices(&self) -> Result<(), String> {
        let mut places = BTreeSet::new();
        for host in &self.hosts {
            if !places.insert((host.ip, None)) {
                return Err(format!("hosts: {} is there twice", host.ip));
            }
            if let Some(main) = &host.standby_for {
                self.check_host(main)?;
            }
        }
        let mut count = 0_usize;
        for group in &self.devices {
            let Devices { name, model, count: several, ip, gateway, address, authenticates } =
                group;
            if !self.models.contains_key(model) {
                return Err(format!("devices: {name}: there is no model `{model}`"));
            }
            if self.devices.iter().filter(|other| other.name == *name).count() > 1 {
                return Err(format!("devices: {name} is there twice"));
            }
            count = count.saturating_add(usize::from(*several));
            let modbus = self.models.get(model).is_some_and(|it| it.protocol == Protocol::Modbus);
            if modbus && *authenticates {
                return Err(format!("devices: {name}: Modbus does not authenticate"));
            }
            let last = address.checked_add(several.saturating_sub(1));
            let highest = if modbus { 255 } else { 65_519 };
            if *several == 0 || last.is_none_or(|last| last > highest) {
                return Err(format!("devices: {name}: addresses go from 0 to {highest}"));
            }
            for number in 0..*several {
                let step = if *gateway { 0 } else { u32::from(number) };
                let Some(bits) = ip.to_bits().checked_add(step) else {
                    return Err(format!("devices: {name}: addresses end at 255.255.255.255"));
                };
                let unit = gateway.then(|| address.saturating_add(number));
                if !places.insert((bits.into(), unit)) {
                    return Err(format!("devices: {name}: its address is taken"));
                }
            }
        }
        if count > MOST_DEVICES {
            return Err(format!("devices: {count} are too many, {MOST_DEVICES} are not"));
        }
        Ok(())
    }

    fn check_host(&self, name: &str) -> Result<(), String> {
        let known = self.hosts.iter().any(|host| host.name == name);
        if known { Ok(()) } else { Err(format!("there is no host `{name}`")) }
    }

    fn model_of(&self, devices: &str) -> Result<&Model, String> {
        let group = self.devices.iter().find(|group| group.name == devices);
        group
            .and_then(|group| self.models.get(&group.model))
            .ok_or_else(|| format!("there are no devices `{devices}`"))
    }

    fn check_poll(&self, poll: &Poll) -> Result<(), String> {
        self.check_host(&poll.host)?;
        let model = self.model_of(&poll.devices)?;
        if poll.every_ms < FASTEST_POLL_MS {
            return Err(format!("every_ms is {FASTEST_POLL_MS} or more"));
        }
        match (model.protocol, poll.space) {
            (Protocol::Modbus, Some(space)) => {
                let most = if space.is_binary() { 2_000 } else { 125 };
                if !(1..=most).contains(&poll.count) {
                    return Err(format!("count is 1 to {most}"));
                }
                for address in poll.start..poll.start.saturating_add(poll.count) {
                    let place = Place { space, address };
                    if point(model, place).is_none() {
                        return Err(format!("{} have no {place}", poll.devices));
                    }
                }
                Ok(())
            }
            (Protocol::Dnp3, None) if !poll.classes.is_empty() => {
                if poll.classes.iter().any(|class| *class > 3) {
                    return Err("classes are 0 to 3".to_owned());
                }
                Ok(())
            }
            (Protocol::Modbus, None) => Err("Modbus is polled by space, start, count".to_owned()),
            (Protocol::Dnp3, _) => Err("DNP3 is polled by classes".to_owned()),
        }
    }
}

fn check_model(model: &Model) -> Result<(), String> {
    if model.unsolicited.iter().any(|class| !(1..=3).contains(class)) {
        return Err("classes that are reported unasked are 1 to 3".to_owned());
    }
    if model.protocol == Protocol::Modbus && !model.unsolicited.is_empty() {
        return Err("Modbus reports nothing unasked".to_owned());
    }
    for points in &model.points {
        let at = points.at;
        if at.address.checked_add(points.count.saturating_sub(1)).is_none() || points.count == 0 {
            return Err(format!("{at}: addresses end at 65535"));
        }
        if points.noise < 0 || points.noise > 1_000_000 {
            return Err(format!("{at}: noise is 0 to 1000000"));
        }
        let needs_of =
            matches!(points.is, Behaviour::Status | Behaviour::Follows | Behaviour::Steps);
        if needs_of != points.of.is_some() {
            return Err(format!(
                "{at}: `of` belongs to status, follows and steps, and to them alone"
            ));
        }
        for place in [points.of, points.behind].into_iter().flatten() {
            if point(model, place) != Some(Behaviour::Held) {
                return Err(format!("{at}: {place} is not held"));
            }
        }
    }
    Ok(())
}

/// How a point of a model behaves, if there is such a point.
fn point(model: &Model, place: Place) -> Option<Behaviour> {
    let holds = |at: Place, count: u16| {
        at.space == place.space
            && (at.address..=at.address.saturating_add(count.saturating_sub(1)))
                .contains(&place.address)
    };
    model.points.iter().find(|points| holds(points.at, points.count)).map(|points| points.is)
}
