use super::*;

fn packets(text: &str) -> Vec<(u64, bool, String)> {
    let labels = Labels::read(text.as_bytes()).unwrap();
    let Rows::Packets(rows) = &labels.rows else { panic!("{labels:?}") };
    rows.iter().map(|row| (row.packet, row.attack, labels.said[row.said].kind.clone())).collect()
}

fn windows(text: &str) -> Vec<(u64, u64, Said)> {
    let labels = Labels::read(text.as_bytes()).unwrap();
    let Rows::Windows(rows) = &labels.rows else { panic!("{labels:?}") };
    rows.iter().map(|row| (row.start_ns, row.end_ns, labels.said[row.said].clone())).collect()
}

#[test]
fn all_forms_of_packets_are_read() {
    assert_eq!(packets("1;0\n2;1\n\n7;1\n"), [(2, true, String::new()), (7, true, String::new())]);
    assert_eq!(packets("packet,label\r\n3,1\r\n4,0\r\n"), [(3, true, String::new())]);
    // In any order, of columns and of rows, and a row twice.
    let text = "label,attack,packet\n1,scan,9\n0,,4\n0,new-laptop,5\n1,scan,9\n1,scan,2\n";
    let expected = [(2, true, "scan"), (5, false, "new-laptop"), (9, true, "scan")];
    assert_eq!(packets(text), expected.map(|(n, attack, kind)| (n, attack, kind.to_owned())));
}

#[test]
fn all_forms_of_windows_are_read() {
    let text = "start,end,attack,actor,target,points\n\
                1.5,2,rogue-write,10.0.0.66,10.0.0.9 10.0.0.8,coil:1 analog-output:70000\n";
    let all = windows(text);
    let (start, end, said) = &all[0];
    assert_eq!((*start, *end), (1_500_000_000, 2_000_000_000));
    assert_eq!((said.kind.as_str(), said.actors.len(), said.targets.len()), ("rogue-write", 1, 2));
    let points: Vec<String> = said.points.iter().map(ToString::to_string).collect();
    assert_eq!(points, ["coil:1", "analog-output:70000"]);

    let text = "start_epoch,end_epoch,attack,host_a,host_b\n\
                1472099163.158749,1472099165.8875391234,nmap,,\n\
                9,10,flood,192.168.10.222,192.168.10.221\n";
    let all = windows(text);
    assert_eq!(all[1].0, 1_472_099_163_158_749_000);
    assert_eq!(all[1].1, 1_472_099_165_887_539_123);
    assert_eq!((all[0].2.hosts.len(), all[1].2.hosts.len()), (2, 0));
    assert_eq!(windows("start,end,attack\n"), []);
}

#[test]
fn what_cannot_be_read_is_refused_with_its_line() {
    let table: &[(&[u8], u64, &str)] = &[
        (b"", 1, "want the columns"),
        (b"\n", 1, "want the columns"),
        (b"packet\n1\n", 1, "want the columns"),
        (b"start,end\n1,2\n", 1, "want the columns"),
        (b"packet,label,start,end,attack\n", 1, "want the columns"),
        (b"packet,label,atack\n1,1,x\n", 1, "unknown column `atack`"),
        (b"packet,label,label\n", 1, "column `label` is there twice"),
        (b"packet,label\n1,1\n2\n", 3, "1 columns: want 2"),
        (b"packet,label\n0,1\n", 2, "packet `0`"),
        (b"packet,label\n-1,1\n", 2, "packet `-1`"),
        (b"packet,label\n1,2\n", 2, "label `2`: want 0 or 1"),
        (
            b"packet,label,attack\n1,1,a\n5,1,b\n1,1,c\n",
            4,
            "packet 1 is labelled twice, and otherwise in line 2",
        ),
        (b"1;0\n2,1\n", 2, "`2,1`: want packet;label"),
        (b"1;0\n2;1;3\n", 2, "label `1;3`"),
        (b"start,end,attack\n2,1,x\n", 2, "ends at 1, before it starts at 2"),
        (b"start,end,attack\n2,1e9,x\n", 2, "time `1e9`"),
        (b"start,end,attack\n2.,3,x\n", 2, "time `2.`"),
        (b"start,end,attack\n2,99999999999999,x\n", 2, "time `99999999999999`"),
        (b"packet,label,actor\n1,1,master\n", 2, "host `master`: want an IP address"),
        (b"packet,label,points\n1,1,coil\n", 2, "point `coil`"),
        (b"packet,label,points\n1,1,spool:1\n", 2, "point `spool:1`"),
        (b"packet,label\n1,1\n\xff\xfe,1\n", 3, "no text in UTF-8"),
    ];
    for (text, line, what) in table {
        let error = Labels::read(text).unwrap_err();
        let shown = String::from_utf8_lossy(text);
        assert_eq!(error.line, *line, "{shown}: {error}");
        assert!(error.what.starts_with(what), "{shown}: {error}");
    }
}
