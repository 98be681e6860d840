//! Logs stay out of standard output, however many are asked for.

use crate::run::{end, gridtap};

#[test]
fn logs_never_reach_standard_output() {
    for command in
        ["replay --learn-for 5m captures/demo.pcap.zst", "messages captures/demo.pcap.zst"]
    {
        let plain = end(&mut gridtap(command));
        let verbose = end(&mut gridtap(&format!("-vvv {command}")));
        let variable = end(gridtap(command).env("RUST_LOG", "trace"));
        assert!(plain.stdout == verbose.stdout, "{command}: -vvv changes standard output");
        assert!(plain.stdout == variable.stdout, "{command}: RUST_LOG changes standard output");
    }
}

#[test]
fn a_log_says_on_standard_error_when_judging_begins() {
    let ended = end(&mut gridtap("-v replay --learn-for 5m captures/demo.pcap.zst"));
    assert!(ended.stderr.contains("judging from here on"), "{}", ended.stderr);
    let quiet = end(&mut gridtap("-q replay --learn-for 5m captures/demo.pcap.zst"));
    assert_eq!(quiet.stderr, "");
}
