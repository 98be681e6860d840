//! mk
use std::io::BufWriter;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let scene = gridtap_captures::scene::Scene {
        minutes: a[2].parse().unwrap(),
        pairs: a[3].parse().unwrap(),
        ..Default::default()
    };
    let f = BufWriter::new(std::fs::File::create(&a[1]).unwrap());
    let mut f = f;
    gridtap_captures::file::write_pcap(&Default::default(), &scene.capture(), &mut f).unwrap();
}
