//! Somebody else in a session: what is put into it is told, and what only looks like it is not.

use gridtap_captures::capture::Capture;
use gridtap_captures::dnp3::{Class, Crob, Iin, Station, request as ask, response as answer};
use gridtap_captures::frame::{Endpoint, Tcp};
use gridtap_captures::modbus::{mbap, request, response};
use gridtap_captures::session::{STEP_NS, Session, Side};
use serde_json::{Value, json};

use crate::files::{MS, SECOND, START_NS, octets, poll};
use crate::run::{end_with_input, gridtap};

const POLLS: u16 = 40;

#[test]
fn a_command_put_into_a_session_is_told_with_both_copies() {
    let mut session = polled();
    let at_ns = at(POLLS + 1);
    // Who guessed the numbers is first; the client's own next request comes for the same place.
    let forged = mbap(POLLS + 1, 1, &request::write_single_register(0, 999));
    session.push(Side::Client, at_ns, &session.next(Side::Client), &forged);
    session.client_sends(at_ns + 20 * MS, &mbap(POLLS + 1, 1, &poll().0));
    session.server_sends(at_ns + 22 * MS, &mbap(POLLS + 1, 1, &poll().1));

    let first = session.capture().packets.len() - 2;
    let [alert] = &told(session.capture())[..] else { panic!("not one alert") };
    assert_eq!((&alert["packets"], &alert["hard"]), (&json!([first, first + 1]), &json!(true)));
    assert_eq!((&alert["severity"], &alert["actor"]), (&json!("high"), &json!("10.0.0.1")));
    assert_eq!(alert["what"], "10.0.0.1 sent 10.0.0.2 unit 1 other octets in its stream");
    let ids: Vec<&Value> = alert["techniques"].as_array().unwrap().iter().map(id).collect();
    assert_eq!(ids, ["T0830", "T0855"]);
    assert_eq!((&alert["protocol"], &alert["unit"]), (&json!("modbus"), &json!(1)));
}

#[test]
fn a_report_put_into_a_session_is_told_also_if_it_comes_second() {
    let (mut master, mut outstation) = (Station::master(1, 10), Station::outstation(10, 1));
    let mut session = Session::new(Endpoint::v4(1, 49_152), Endpoint::v4(2, 20_000));
    session.open(START_NS);
    let trip = [Crob::TRIP.to(3)];
    let mut true_header = session.next(Side::Server);
    for sequence in 0..8_u8 {
        let asked = ask::class_poll(sequence, &[Class::One]);
        session.client_sends(at(sequence.into()), &master.frames(&asked));
        true_header = session.next(Side::Server);
        let answered = answer::response(sequence, Iin::default(), &trip);
        session.server_sends(at(sequence.into()) + MS, &outstation.frames(&answered));
    }
    // The last answer once more: another point, so that its octets and their CRC are others.
    outstation.next_segment -= 1;
    let forged = outstation.frames(&answer::response(7, Iin::default(), &[Crob::TRIP.to(4)]));
    session.push(Side::Server, at(7) + 3 * MS, &true_header, &forged);

    let last = session.capture().packets.len();
    let [alert] = &told(session.capture())[..] else { panic!("not one alert") };
    assert_eq!(alert["packets"], json!([last - 1, last]));
    assert_eq!((&alert["actor"], &alert["client_ip"]), (&json!("10.0.0.2"), &json!("10.0.0.1")));
    let ids: Vec<&Value> = alert["techniques"].as_array().unwrap().iter().map(id).collect();
    assert_eq!(ids, ["T0830", "T0855", "T0856"]);
}

#[test]
fn who_rewrites_what_passes_through_is_told() {
    // The server's answers come past the capture twice: as sent, and as somebody hands them on.
    let (client, server) = (Endpoint::v4(1, 49_152), Endpoint::v4(2, 502));
    let between = [2, 0, 0, 0, 0, 66];
    let mut near = Session::new(client, Endpoint { mac: between, ..server });
    let mut far = Session::new(Endpoint { mac: between, ..client }, server);
    for number in 1..=POLLS {
        let values = if number == 30 { [0, 0] } else { [230, 230] };
        let handed_on = mbap(number, 1, &response::read_holding_registers(&values));
        for (session, later_ns) in [(&mut near, 0), (&mut far, MS)] {
            session.client_sends(at(number) + later_ns, &mbap(number, 1, &poll().0));
        }
        far.server_sends(at(number) + 4 * MS, &mbap(number, 1, &poll().1));
        near.server_sends(at(number) + 5 * MS, &handed_on);
    }
    let capture = near.into_capture().with(far.into_capture());
    let [alert] = &told(&capture)[..] else { panic!("not one alert") };
    assert_eq!((&alert["packets"], &alert["count"]), (&json!([119, 120]), &json!(1)));
}

#[test]
fn what_only_looks_like_it_raises_nothing() {
    type Make = fn() -> Capture;
    let twins: [(&str, Make); 7] = [
        ("nothing comes again", || polled().into_capture()),
        ("sent again as it was, alone and with what follows", || {
            let mut session = polled();
            let first = session.next(Side::Client);
            let asked = mbap(POLLS + 1, 1, &poll().0);
            session.client_sends(at(POLLS + 1), &asked);
            session.push(Side::Client, at(POLLS + 1) + 300 * MS, &first, &asked);
            let both = [asked, mbap(POLLS + 2, 1, &poll().0)].concat();
            session.push(Side::Client, at(POLLS + 5), &first, &both);
            session.advance(Side::Client, 12);
            session.server_sends(at(POLLS + 6), &mbap(POLLS + 1, 1, &poll().1));
            session.into_capture()
        }),
        ("keep-alives with an octet of nothing", || {
            let mut session = polled();
            for nth in 1..=5_u16 {
                for side in [Side::Client, Side::Server] {
                    let next = session.next(side);
                    let before = Tcp { sequence: next.sequence.wrapping_sub(1), ..next };
                    session.push(side, at(POLLS + 100 * nth), &before, &[0]);
                    session.push(
                        side.other(),
                        at(POLLS + 100 * nth) + MS,
                        &session.next(side.other()),
                        &[],
                    );
                }
            }
            session.into_capture()
        }),
        ("a keep-alive for what the capture missed, or has not seen yet", || {
            let mut session = polled();
            let (early, asked) = (session.next(Side::Client), mbap(POLLS + 1, 1, &poll().0));
            session.advance(Side::Client, 12);
            let next = session.next(Side::Client);
            let before = Tcp { sequence: next.sequence.wrapping_sub(1), ..next };
            session.push(Side::Client, at(POLLS + 1), &before, &[0]);
            session.push(Side::Client, at(POLLS + 1) + MS, &early, &asked);
            session.advance(Side::Client, 12);
            let next = session.next(Side::Client);
            let before = Tcp { sequence: next.sequence.wrapping_sub(1), ..next };
            session.push(Side::Client, at(POLLS + 2), &before, &[0]);
            session.client_sends(at(POLLS + 200), &mbap(POLLS + 3, 1, &poll().0));
            session.into_capture()
        }),
        ("a zero window, asked about with the next octet", || {
            let mut session = polled();
            let shut = Tcp { window: 0, ..session.next(Side::Server) };
            session.push(Side::Server, at(POLLS) + 10 * MS, &shut, &[]);
            let (held, asked) = (session.next(Side::Client), mbap(POLLS + 1, 1, &poll().0));
            for nth in 1..=3_u16 {
                session.push(Side::Client, at(POLLS + 5 * nth), &held, &asked[..1]);
                session.push(Side::Server, at(POLLS + 5 * nth) + MS, &shut, &[]);
            }
            session.client_sends(at(POLLS + 20), &asked);
            session.into_capture()
        }),
        ("every packet by both ports of a mirror, also late and by another way", || {
            let capture = polled().into_capture();
            let mut late = capture.clone();
            let mut routed = capture.clone();
            for (packet, later_ns) in late.packets.iter_mut().zip([MS, 20 * MS].into_iter().cycle())
            {
                packet.time_ns += later_ns;
            }
            for packet in &mut routed.packets {
                packet.time_ns += 2 * MS;
                packet.octets[..12].rotate_left(3);
                // A router takes one from the hops to live, and mends the checksum.
                packet.octets[22] -= 1;
                packet.octets[24] = packet.octets[24].wrapping_add(1);
            }
            capture.with(late).with(routed)
        }),
        ("a session after another with the same ports and numbers", || {
            let mut again = polled().into_capture();
            for packet in &mut again.packets {
                packet.time_ns += 60 * SECOND;
                // Other requests, from the first octet of the transaction on.
                if let Some(octet) = packet.octets.get_mut(54).filter(|_| packet.wire_octets > 60) {
                    *octet = 7;
                }
            }
            polled().into_capture().with(again)
        }),
    ];
    for (name, capture) in twins {
        assert_eq!(told(&capture()), [Value::Null; 0], "{name}");
    }
}

#[test]
fn the_same_is_told_at_any_number_of_shards() {
    let mut session = polled();
    let forged = mbap(POLLS + 1, 1, &request::write_single_register(0, 999));
    session.push(Side::Client, at(POLLS + 1), &session.next(Side::Client), &forged);
    session.client_sends(at(POLLS + 1) + STEP_NS, &mbap(POLLS + 1, 1, &poll().0));
    let told = |shards| {
        let mut run = gridtap(&format!("replay -q --learn-for 1s --shards {shards} -"));
        end_with_input(&mut run, octets(session.capture())).stdout
    };
    let one = told(1);
    assert!(one.contains("conflicting-segment"), "{one}");
    assert_eq!((told(3), told(8)), (one.clone(), one));
}

/// A session with polls that are answered.
fn polled() -> Session {
    let mut session = Session::new(Endpoint::v4(1, 49_152), Endpoint::v4(2, 502));
    session.open(START_NS);
    for number in 1..=POLLS {
        session.client_sends(at(number), &mbap(number, 1, &poll().0));
        session.server_sends(at(number) + 2 * MS, &mbap(number, 1, &poll().1));
    }
    session
}

fn at(number: u16) -> u64 {
    START_NS + u64::from(number) * 100 * MS
}

/// The alerts of conflicting segments, as raised; everything is learned.
fn told(capture: &Capture) -> Vec<Value> {
    let ended = end_with_input(&mut gridtap("replay -q --learn-for 1h -"), octets(capture));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let alerts = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
    alerts
        .filter(|alert: &Value| alert["kind"] == "conflicting-segment" && alert["final"] == true)
        .collect()
}

fn id(technique: &Value) -> &Value {
    &technique["id"]
}
