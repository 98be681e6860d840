//! `gridtap simulate`: labelled captures of a simulated grid.

mod manifest;
mod out;

use std::path::Path;

use gridtap_captures::simulate::labels::{PACKET_HEADER, WINDOW_HEADER, packet_line, window_line};
use gridtap_captures::simulate::{Act, COMMON, Marked, Options, Plan, Simulation, Site, kinds};

use self::manifest::{Counts, Manifest, Written};
use self::out::{Packets, Text, failed};
use super::{Ended, Failure, Terminal};
use crate::cli;
use crate::sink::write_whole;

/// Runs it.
///
/// # Errors
///
/// See [`Failure`].
pub fn simulate(args: &cli::Simulate, terminal: Terminal) -> Result<Ended, Failure> {
    let Some(folder) = args.out.as_deref().filter(|_| !args.list) else {
        terminal.print(&list())?;
        return Ok(Ended::Well);
    };
    let (site, text) = site(args)?;
    let options = options(args, &site)?;
    let mut simulation = Simulation::new(&site, &options).map_err(Failure::Usage)?;

    std::fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
    let name = format!("{}-{}", site.name, args.seed);
    let beside = |ending: &str| folder.join(format!("{name}.{ending}"));
    let form = if args.pcapng { "pcapng" } else { "pcap" };
    let capture = beside(&format!("{form}{}", if args.zstd { ".zst" } else { "" }));

    let mut packets = Packets::create(&capture, args.pcapng, args.zstd)?;
    let mut marks = Text::create(&beside("labels.csv"), PACKET_HEADER)?;
    let mut number = 0_u64;
    while let Some(Marked { packet, mark, .. }) = simulation.next() {
        number = number.saturating_add(1);
        packets.write(&packet)?;
        if let Some(mark) = mark
            && let Some(act) = simulation.acts().get(mark.act)
        {
            marks.write(&packet_line(number, act, &mark))?;
        }
    }
    let acts = simulation.acts();
    let attacks: Vec<&Act> = acts.iter().filter(|act| act.attack).collect();
    let alike: Vec<&Act> = acts.iter().filter(|act| !act.attack && !act.name.is_empty()).collect();
    let files = vec![
        packets.finish()?,
        marks.finish()?,
        write_windows(&beside("windows.csv"), &attacks)?,
        write_windows(&beside("lookalikes.csv"), &alike)?,
    ];
    let messages = simulation.counts();
    let counts = Counts {
        packets: number,
        modbus_messages: messages.modbus,
        dnp3_messages: messages.dnp3,
        attacks: attacks.len(),
        lookalikes: alike.len(),
    };
    let manifest = Manifest::new(args, (&site, &text), &options, counts, files);
    let path = beside("json");
    let text = manifest.text().map_err(|error| failed(&path, error.into()))?;
    write_whole(&path, text.as_bytes()).map_err(|source| failed(&path, source))?;
    if !terminal.quiet {
        terminal.say(format_args!(
            "{}: {number} packets with {} Modbus and {} DNP3 messages; attacks: {}",
            capture.display(),
            messages.modbus,
            messages.dnp3,
            attacks.len()
        ));
    }
    Ok(Ended::Well)
}

/// Whether `--site` names a file.
fn is_file(site: &str) -> bool {
    Path::new(site).extension().is_some_and(|ending| ending == "toml")
}

/// The site, with what the options say of its network, and its text.
fn site(args: &cli::Simulate) -> Result<(Site, String), Failure> {
    let text = if is_file(&args.site) {
        std::fs::read_to_string(&args.site)
            .map_err(|error| Failure::Usage(format!("{}: {error}", args.site)))?
    } else {
        Site::text(&args.site).map(str::to_owned).ok_or_else(|| {
            let names: Vec<String> = Site::shipped().into_iter().map(|site| site.name).collect();
            Failure::Usage(format!(
                "--site {}: there are {}; a file ends in .toml",
                args.site,
                names.join(", ")
            ))
        })?
    };
    let unusable = |reason| Failure::Usage(format!("{}: {reason}", args.site));
    let mut site = Site::from_toml(&text).map_err(unusable)?;
    let network = &mut site.network;
    network.one_way |= args.one_way;
    network.hsr |= args.hsr;
    let rates = [
        (&mut network.lost_ppm, args.lost_ppm),
        (&mut network.missed_ppm, args.missed_ppm),
        (&mut network.doubled_ppm, args.doubled_ppm),
        (&mut network.late_ppm, args.late_ppm),
    ];
    for (of_site, asked) in rates {
        *of_site = asked.map_or(*of_site, u64::from);
    }
    Ok((site, text))
}

fn options(args: &cli::Simulate, site: &Site) -> Result<Options, Failure> {
    const HOUR_S: u64 = 3_600;
    let seconds = |span: crate::when::Span| span.0.as_secs();
    let hours = u64::from(args.hours.unwrap_or(24)).saturating_mul(HOUR_S);
    let lasts_s = args.duration.map_or(hours, seconds);
    let attacks = args.attack.iter().flat_map(|text| plans(text, site));
    Ok(Options {
        seed: args.seed,
        lasts_s,
        attacks: attacks.collect::<Result<_, _>>().map_err(Failure::Usage)?,
        attacks_after_s: args.attack_after.map_or(lasts_s / 2, seconds),
        repeat: args.repeat,
        as_master: args.as_master,
    })
}

/// What `--attack` asks for: one kind, or all that the site has devices for.
fn plans(text: &str, site: &Site) -> Vec<Result<Plan, String>> {
    let all = |attacks: bool| {
        let kinds = kinds().iter().filter(|kind| kind.attack == attacks && kind.fits(site));
        kinds.map(|kind| kind.name.parse()).collect()
    };
    match text {
        "all" => all(true),
        "look-alikes" => all(false),
        _ => vec![text.parse()],
    }
}

fn write_windows(path: &Path, acts: &[&Act]) -> Result<Written, Failure> {
    let mut lines = Text::create(path, WINDOW_HEADER)?;
    for act in acts {
        lines.write(&window_line(act))?;
    }
    lines.finish()
}

/// What there is to choose from.
fn list() -> String {
    let line = |name: &str, about: &str| format!("  {name:<24} {about}");
    let parameters = |them: &[(&str, u64, &str)]| -> Vec<String> {
        them.iter().map(|(key, value, word)| line("", &format!("  {key}={value} {word}"))).collect()
    };
    let mut lines = vec!["Sites".to_owned()];
    lines.extend(Site::shipped().iter().map(|site| line(&site.name, &site.about)));
    for (title, attack) in [("Attacks", true), ("Look-alikes", false)] {
        lines.extend([String::new(), title.to_owned()]);
        for kind in kinds().iter().filter(|kind| kind.attack == attack) {
            lines.push(line(kind.name, kind.about));
            lines.extend(parameters(kind.parameters));
        }
    }
    lines.extend([String::new(), line("each of them", "")]);
    lines.extend(parameters(COMMON));
    lines.push(String::new());
    lines.join("\n")
}
