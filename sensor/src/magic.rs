//! What other protocols begin with: the name of what is spoken on a port of a protocol that is read.

/// Protocols whose first octets tell them, each with what a message calls them. Nothing is read of
/// them; the name is for people.
const MAGIC: &[(&[u8], &str)] = &[
    (b"SSH-", "what looks like SSH"),
    (b"GET ", "what looks like HTTP"),
    (b"POST ", "what looks like HTTP"),
    (b"PUT ", "what looks like HTTP"),
    (b"HEAD ", "what looks like HTTP"),
    (b"OPTIONS ", "what looks like HTTP"),
    (b"CONNECT ", "what looks like HTTP"),
    (b"PRI * HTTP/2", "what looks like HTTP"),
    (b"HTTP/", "what looks like HTTP"),
    (b"RFB 00", "what looks like VNC"),
    (b"220 ", "what looks like FTP or SMTP"),
    (b"220-", "what looks like FTP or SMTP"),
    (b"\xff\xfb", "what looks like Telnet"),
    (b"\xff\xfd", "what looks like Telnet"),
    // TPKT: also what engineering tools of some controllers run over.
    (b"\x03\x00\x00", "what looks like RDP or S7"),
    (b"HELF", "what looks like OPC UA"),
    (b"\x65\x00\x04\x00", "what looks like EtherNet/IP"),
    (b"\x68\x04\x07\x00\x00\x00", "what looks like IEC 104"),
    (b"\x05\x01\x00", "what looks like SOCKS"),
];

/// Said of TLS, which the probe tells by its record header.
pub(crate) const TLS: &str = "what looks like TLS";

/// Said of octets that begin like nothing that is known.
pub(crate) const UNKNOWN: &str = "what is no message of any known protocol";

/// What a connection begins with, by its first octets; nothing for what does not tell.
pub(crate) fn looks_like(octets: &[u8]) -> Option<&'static str> {
    if octets.get(4..8) == Some(b"\xffSMB") || octets.get(4..8) == Some(b"\xfeSMB") {
        return Some("what looks like SMB");
    }
    MAGIC.iter().find(|(magic, _)| octets.starts_with(magic)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use gridtap_parsers::{PROTOCOLS, Verdict};

    use super::*;

    #[test]
    fn other_protocols_are_named_by_their_first_octets() {
        let table: [(&[u8], Option<&str>); 6] = [
            (b"SSH-2.0-OpenSSH_9.6\r\n", Some("what looks like SSH")),
            (b"GET /status HTTP/1.1\r\n", Some("what looks like HTTP")),
            (b"\0\0\0\x54\xffSMBr", Some("what looks like SMB")),
            (b"GE", None),
            (b"uname -a; id\n", None),
            (b"", None),
        ];
        for (octets, name) in table {
            assert_eq!(looks_like(octets), name, "{octets:?}");
        }
    }

    #[test]
    fn none_of_them_begins_like_a_whole_message_that_is_read() {
        for (magic, name) in MAGIC {
            for protocol in PROTOCOLS {
                let verdict = (protocol.probe)(magic);
                assert!(
                    matches!(verdict, Verdict::No | Verdict::Perhaps),
                    "{name} as {}",
                    protocol.name
                );
            }
        }
    }
}
