//! `gridtap simulate`: labelled captures of a simulated grid.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use gridtap_captures::file::{Pcap, write_pcapng_header, write_pcapng_packet};
use gridtap_captures::simulate::labels::{PACKET_HEADER, WINDOW_HEADER, packet_line, window_line};
use gridtap_captures::simulate::{Marked, Options, Plan, Simulation, Site, kinds};

use super::{Ended, Failure, Terminal};
use crate::cli;
use crate::sink::{Finished, SinkError, begin};

/// How well zstd compresses: its own default.
const LEVEL: i32 = 3;

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
    let site = site(args)?;
    let options = options(args)?;
    let mut simulation = Simulation::new(&site, &options).map_err(Failure::Usage)?;

    std::fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
    let name = format!("{}-{}", site.name, args.seed);
    let form = if args.pcapng { "pcapng" } else { "pcap" };
    let ending = if args.zstd { ".zst" } else { "" };
    let capture = folder.join(format!("{name}.{form}{ending}"));
    let labels = folder.join(format!("{name}.labels.csv"));
    let windows = folder.join(format!("{name}.windows.csv"));

    let mut packets = Packets::create(&capture, args.pcapng, args.zstd)
        .map_err(|source| failed(&capture, source))?;
    let mut marks = Text::create(&labels, PACKET_HEADER)?;
    let mut number = 0_u64;
    while let Some(Marked { packet, mark, .. }) = simulation.next() {
        number = number.saturating_add(1);
        packets.write(&packet).map_err(|source| failed(&capture, source))?;
        if let Some(mark) = mark
            && let Some(act) = simulation.acts().get(mark.act)
        {
            marks.write(&packet_line(number, act, &mark))?;
        }
    }
    packets.finish().map_err(|source| failed(&capture, source))?;
    marks.finish()?;
    let mut lines = Text::create(&windows, WINDOW_HEADER)?;
    let attacks = || simulation.acts().iter().filter(|act| act.attack);
    for act in attacks() {
        lines.write(&window_line(act))?;
    }
    lines.finish()?;
    if !terminal.quiet {
        let counts = simulation.counts();
        terminal.say(format_args!(
            "{}: {number} packets with {} Modbus and {} DNP3 messages; attacks: {}",
            capture.display(),
            counts.modbus,
            counts.dnp3,
            attacks().count()
        ));
    }
    Ok(Ended::Well)
}

fn site(args: &cli::Simulate) -> Result<Site, Failure> {
    let is_file = Path::new(&args.site).extension().is_some_and(|ending| ending == "toml");
    let mut site = if is_file {
        let unusable = |reason: String| Failure::Usage(format!("{}: {reason}", args.site));
        let text =
            std::fs::read_to_string(&args.site).map_err(|error| unusable(error.to_string()))?;
        Site::from_toml(&text).map_err(unusable)?
    } else {
        Site::named(&args.site).ok_or_else(|| {
            let names: Vec<String> = Site::shipped().into_iter().map(|site| site.name).collect();
            Failure::Usage(format!(
                "--site {}: there are {}; a file ends in .toml",
                args.site,
                names.join(", ")
            ))
        })?
    };
    site.network.one_way |= args.one_way;
    site.network.hsr |= args.hsr;
    Ok(site)
}

fn options(args: &cli::Simulate) -> Result<Options, Failure> {
    const HOUR_S: u64 = 3_600;
    let seconds = |span: crate::when::Span| span.0.as_secs();
    let hours = u64::from(args.hours.unwrap_or(24)).saturating_mul(HOUR_S);
    let lasts_s = args.duration.map_or(hours, seconds);
    let attacks = args.attack.iter().map(|text| text.parse::<Plan>());
    Ok(Options {
        seed: args.seed,
        lasts_s,
        attacks: attacks.collect::<Result<_, _>>().map_err(Failure::Usage)?,
        attacks_after_s: args.attack_after.map_or(lasts_s / 2, seconds),
        repeat: args.repeat,
        as_master: args.as_master,
    })
}

/// What there is to choose from.
fn list() -> String {
    let line = |name: &str, about: &str| format!("  {name:<24} {about}");
    let mut lines = vec!["Sites".to_owned()];
    lines.extend(Site::shipped().iter().map(|site| line(&site.name, &site.about)));
    for (title, attack) in [("Attacks", true), ("Look-alikes", false)] {
        lines.extend([String::new(), title.to_owned()]);
        for kind in kinds().iter().filter(|kind| kind.attack == attack) {
            lines.push(line(kind.name, kind.about));
            let parameters = kind.parameters.iter();
            lines.extend(
                parameters.map(|(key, value, word)| line("", &format!("  {key}={value} {word}"))),
            );
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn failed(path: &Path, source: io::Error) -> Failure {
    SinkError { name: path.display().to_string(), source }.into()
}

/// A capture that is being written.
struct Packets {
    out: Out,
    pcapng: bool,
    finished: Finished,
}

enum Out {
    Plain(BufWriter<File>),
    Zstd(Box<zstd::Encoder<'static, BufWriter<File>>>),
}

impl Packets {
    fn create(path: &Path, pcapng: bool, zstd: bool) -> io::Result<Self> {
        let (file, finished) = begin(path)?;
        let plain = BufWriter::with_capacity(1 << 18, file);
        let mut out = if zstd {
            Out::Zstd(Box::new(zstd::Encoder::new(plain, LEVEL)?))
        } else {
            Out::Plain(plain)
        };
        if pcapng {
            write_pcapng_header(Simulation::LINK, &mut out)?;
        } else {
            Pcap::default().write_header(Simulation::LINK, &mut out)?;
        }
        Ok(Self { out, pcapng, finished })
    }

    fn write(&mut self, packet: &gridtap_captures::capture::Packet) -> io::Result<()> {
        if self.pcapng {
            write_pcapng_packet(packet, &mut self.out)
        } else {
            Pcap::default().write_packet(packet, &mut self.out)
        }
    }

    fn finish(self) -> io::Result<()> {
        match self.out {
            Out::Plain(mut out) => out.flush()?,
            Out::Zstd(out) => out.finish()?.flush()?,
        }
        self.finished.commit()
    }
}

impl Write for Out {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(octets),
            Self::Zstd(out) => out.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Zstd(out) => out.flush(),
        }
    }
}

/// A file of lines that is being written.
struct Text {
    path: PathBuf,
    out: BufWriter<File>,
    finished: Finished,
}

impl Text {
    fn create(path: &Path, header: &str) -> Result<Self, Failure> {
        let (file, finished) = begin(path).map_err(|source| failed(path, source))?;
        let mut text = Self { path: path.to_owned(), out: BufWriter::new(file), finished };
        text.write(header)?;
        Ok(text)
    }

    fn write(&mut self, line: &str) -> Result<(), Failure> {
        self.out.write_all(line.as_bytes()).map_err(|source| failed(&self.path, source))
    }

    fn finish(mut self) -> Result<(), Failure> {
        self.out
            .flush()
            .and_then(|()| self.finished.commit())
            .map_err(|source| failed(&self.path, source))
    }
}
