//! tshark opens every tunnel that this crate writes, and finds nothing wrong.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use gridtap_captures::capture::Capture;
use gridtap_captures::file::{Pcap, pcap};
use gridtap_captures::fragment::fragments;
use gridtap_captures::frame::{Endpoint, LinkType, Mac, TCP, Tcp, UDP, ethernet, ip, udp};
use gridtap_captures::redundancy::{LAN_A, LAN_B, hsr, prp};
use gridtap_captures::tunnel::{
    ERSPAN, ERSPAN_3, ETHERNET, Erspan3, GENEVE_PORT, GRE, Gre, IPV4_IN_IP, IPV6_IN_IP, MPLS,
    PPP_IPV4, PPP_IPV6, PPPOE_SESSION, VXLAN_PORT, control_word, erspan_2, geneve, mpls, pppoe,
    vxlan,
};

const FROM: Mac = [2, 0, 0, 0, 0, 100];
const TO: Mac = [2, 0, 0, 0, 0, 200];

fn segment(from: Endpoint, to: Endpoint) -> Vec<u8> {
    let header = Tcp {
        from_port: from.port,
        to_port: to.port,
        sequence: 1,
        acknowledgement: 1,
        flags: Tcp::ACK | Tcp::PSH,
        window: 0x2000,
        largest_segment: None,
    };
    ip(from.ip, to.ip, TCP, 1, &header.segment(from.ip, to.ip, b"octets"))
}

fn outer(kind: u16, payload: &[u8]) -> Vec<u8> {
    ethernet(FROM, TO, &[], kind, payload)
}

fn ip4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ip(Endpoint::v4(100, 0).ip, Endpoint::v4(200, 0).ip, protocol, 7, payload)
}

fn gre(options: Gre, kind: u16, payload: &[u8]) -> Vec<u8> {
    outer(0x0800, &ip4(GRE, &options.packet(kind, payload)))
}

fn udp_to(port: u16, payload: &[u8]) -> Vec<u8> {
    ip4(UDP, &udp(&Endpoint::v4(100, 50_000), &Endpoint::v4(200, port), payload))
}

/// Frames, each with a segment to port 4444 at last, and what tshark calls the layers before it.
fn frames() -> Vec<(Vec<u8>, &'static str)> {
    let v4 = segment(Endpoint::v4(5, 4_000), Endpoint::v4(9, 4_444));
    let v6 = segment(Endpoint::v6(5, 4_000), Endpoint::v6(9, 4_444));
    let inner = ethernet([2, 0, 0, 0, 0, 5], [2, 0, 0, 0, 0, 9], &[], 0x0800, &v4);
    let tagged = ethernet([2, 0, 0, 0, 0, 5], [2, 0, 0, 0, 0, 9], &[7], 0x0800, &v4);
    let numbered = Gre { sequence: Some(1), ..Gre::default() };
    let all = Gre { checksum: true, key: Some(1), sequence: Some(2) };
    let platform = Erspan3 { platform: Some([0; 8]), ..Erspan3::default() };
    let mut frames = vec![
        (outer(MPLS, &mpls(&[16, 17], &v4)), "mpls:ip"),
        (outer(MPLS, &mpls(&[16], &v6)), "mpls:ipv6"),
        (outer(MPLS, &mpls(&[20], &control_word(0, &inner))), "mpls:eth:ethertype:ip"),
        (outer(PPPOE_SESSION, &pppoe(1, PPP_IPV4, &v4)), "pppoes:ppp:ip"),
        (outer(PPPOE_SESSION, &pppoe(1, PPP_IPV6, &v6)), "pppoes:ppp:ipv6"),
        (gre(Gre::default(), 0x0800, &v4), "gre:ip"),
        (gre(all, 0x86dd, &v6), "gre:ipv6"),
        (gre(Gre { key: Some(9), ..Gre::default() }, ETHERNET, &tagged), "gre:eth:ethertype:vlan"),
        (gre(numbered, ERSPAN, &erspan_2(5, 1, &inner)), "gre:erspan:eth"),
        (gre(numbered, ERSPAN_3, &Erspan3::default().packet(&inner)), "gre:erspan:eth"),
        (gre(numbered, ERSPAN_3, &platform.packet(&inner)), "gre:erspan:eth"),
        (outer(0x0800, &udp_to(VXLAN_PORT, &vxlan(9, &inner))), "udp:vxlan:eth"),
        (outer(0x0800, &udp_to(GENEVE_PORT, &geneve(9, ETHERNET, &[], &inner))), "udp:geneve:eth"),
        (outer(0x0800, &udp_to(GENEVE_PORT, &geneve(9, 0x0800, &[0; 4], &v4))), "udp:geneve:ip"),
        (outer(0x0800, &ip4(IPV4_IN_IP, &v4)), "ip:ip"),
        (outer(0x0800, &ip4(IPV6_IN_IP, &v6)), "ip:ipv6"),
        (hsr(1, 3, &inner), "hsr"),
        (hsr(0, 4, &tagged), "hsr:vlan"),
        (prp(LAN_A, 5, &inner), "PRP-1"),
        (prp(LAN_B, 6, &tagged), "PRP-1"),
    ];
    for (whole, layer) in [(v4, "ip"), (v6, "ipv6")] {
        let kind = if layer == "ip" { 0x0800 } else { 0x86dd };
        let parts = fragments(&whole, 16, 77);
        let last = parts.len().checked_sub(1).unwrap();
        for (number, part) in parts.iter().enumerate() {
            let expected = if number == last { "tcp" } else { "data" };
            frames.push((outer(kind, part), expected));
        }
    }
    frames
}

#[test]
fn tshark_opens_every_tunnel_and_finds_nothing_wrong() {
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("skipped: no tshark");
        return;
    }
    let mut capture = Capture::new(LinkType::ETHERNET);
    for (time_ns, (frame, _)) in (0..).zip(frames()) {
        capture.push(time_ns, frame);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tunnels.pcap");
    std::fs::write(&path, pcap(&Pcap::default(), &capture)).unwrap();
    let wrong = "_ws.malformed || _ws.short || ip.checksum.status == 0 || tcp.checksum.status == 0 \
        || udp.checksum.status == 0 || gre.checksum.status == 0";
    let table = tshark(
        &path,
        &[
            "-T",
            "fields",
            "-e",
            "frame.protocols",
            "-e",
            "prp.trailer.version",
            "-e",
            "tcp.dstport",
        ],
    );
    assert_eq!(table.lines().count(), frames().len());
    for (line, (_, layers)) in table.lines().zip(frames()) {
        assert!(line.contains(layers), "{line}: want {layers}");
        assert!(layers == "data" || line.ends_with("4444"), "{line}: no segment");
    }
    assert_eq!(tshark(&path, &["-Y", wrong]).lines().next(), None);
}

fn tshark(path: &std::path::Path, options: &[&str]) -> String {
    let checked = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
    // No field says whether there is a control word: label 20 is told to have one.
    let more = ["-o", "udp.check_checksum:TRUE", "-d", "mpls.label==20,pwethcw"];
    let trailers = ["--enable-protocol", "prp"];
    let output = Command::new("tshark")
        .arg("-r")
        .arg(path)
        .args(checked)
        .args(more)
        .args(trailers)
        .args(options)
        .output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
