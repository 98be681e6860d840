//! File objects (group 70).

use nom::Parser;
use nom::bytes::complete::take;
use nom::combinator::rest;
use nom::number::complete::{le_u8, le_u16, le_u32};

use super::points::le_u48;
use crate::codes::codes;
use crate::error::{Class, Wire, fault};

/// A file object. Names and texts are octets as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File<'a> {
    /// g70v1, obsolete: a file and what to do with it.
    Identifier {
        /// Its name.
        name: &'a [u8],
        /// Its size, in octets.
        size: u32,
        /// What to do with it.
        function: u8,
        /// What became of that.
        status: FileStatus,
    },
    /// g70v2: who asks for access. The password, sent in clear text, is not handed out.
    Authentication {
        /// The user's name.
        user: &'a [u8],
        /// How long the password is, in octets.
        password_octets: u16,
        /// The key given in the answer.
        key: u32,
    },
    /// g70v3: a file to open or delete.
    Command {
        /// Its name.
        name: &'a [u8],
        /// When it was made: milliseconds since 1970-01-01 UTC.
        created_ms: u64,
        /// Nine bits, owner's read first.
        permissions: u16,
        /// The key that [`File::Authentication`] gave.
        key: u32,
        /// Its size, in octets.
        size: u32,
        /// To read, write or append.
        mode: FileMode,
        /// The most octets of a block.
        block_octets: u16,
        /// Tells requests apart.
        request: u16,
    },
    /// g70v4: a file that is open, or is to be closed.
    CommandStatus {
        /// What the outstation calls it.
        handle: u32,
        /// Its size, in octets.
        size: u32,
        /// The most octets of a block.
        block_octets: u16,
        /// Tells requests apart.
        request: u16,
        /// What became of the request.
        status: FileStatus,
        /// The same in words.
        text: &'a [u8],
    },
    /// g70v5: a block of a file.
    Transport {
        /// Which file.
        handle: u32,
        /// Which block, from 0.
        block: u32,
        /// Whether it is the last.
        last: bool,
        /// What is in it.
        octets: &'a [u8],
    },
    /// g70v6: what became of a block.
    TransportStatus {
        /// Which file.
        handle: u32,
        /// Which block, from 0.
        block: u32,
        /// Whether it is the last.
        last: bool,
        /// What became of it.
        status: FileStatus,
        /// The same in words.
        text: &'a [u8],
    },
    /// g70v7: what a file is like.
    Descriptor {
        /// Its name.
        name: &'a [u8],
        /// 0: a directory; 1: a file.
        file_type: u16,
        /// Its size in octets, or how many files the directory has.
        size: u32,
        /// When it was made: milliseconds since 1970-01-01 UTC.
        created_ms: u64,
        /// Nine bits, owner's read first.
        permissions: u16,
        /// Tells requests apart.
        request: u16,
    },
    /// g70v8: a file's name.
    Specification(
        /// The name.
        &'a [u8],
    ),
}

impl<'a> File<'a> {
    /// Reads the object of this `variation` that fills `object`; `None` if the group has no such.
    pub(crate) fn read(variation: u8, object: &'a [u8]) -> Option<Wire<'a, Self>> {
        Some(match variation {
            1 => identifier(object),
            2 => authentication(object),
            3 => command(object),
            4 => command_status(object),
            5 => transport(object),
            6 => transport_status(object),
            7 => descriptor(object),
            8 => rest.map(Self::Specification).parse(object),
            _ => return None,
        })
    }
}

codes! {
    /// What a file is opened for.
    FileMode(u16) {
        /// Nothing; used to delete.
        Null = 0 "null",
        /// To read it.
        Read = 1 "read",
        /// To write it anew.
        Write = 2 "write",
        /// To add to it.
        Append = 3 "append",
    }
}

codes! {
    /// What became of a request about a file.
    FileStatus(u8) {
        /// It was done.
        Success = 0 "success",
        /// The user may not.
        PermissionDenied = 1 "permission_denied",
        /// No such mode.
        InvalidMode = 2 "invalid_mode",
        /// No such file.
        FileNotFound = 3 "file_not_found",
        /// Another has it.
        FileLocked = 4 "file_locked",
        /// Too many files are open.
        TooManyOpen = 5 "too_many_open",
        /// No such handle.
        InvalidHandle = 6 "invalid_handle",
        /// A block of the wrong size.
        WriteBlockSize = 7 "write_block_size",
        /// The file's device is out of reach.
        CommLost = 8 "comm_lost",
        /// It cannot be ended.
        CannotAbort = 9 "cannot_abort",
        /// The file is not open.
        NotOpened = 16 "not_opened",
        /// The handle was not used for too long.
        HandleExpired = 17 "handle_expired",
        /// Too many octets.
        BufferOverrun = 18 "buffer_overrun",
        /// The file is lost.
        Fatal = 19 "fatal",
        /// A block out of sequence.
        BlockSequence = 20 "block_sequence",
        /// Another error.
        Undefined = 255 "undefined",
    }
}

fn identifier(object: &[u8]) -> Wire<'_, File<'_>> {
    // Type and attributes (2), first and last record (4), size, time (6), permissions (2), file,
    // owner and group (12), function, status.
    let (at_name, (name_octets, _, size, _, function, status)) =
        (le_u16, take(6_usize), le_u32, take(20_usize), le_u8, le_u8).parse(object)?;
    let (left, name) = take(name_octets).parse(at_name)?;
    Ok((left, File::Identifier { name, size, function, status: status.into() }))
}

fn authentication(object: &[u8]) -> Wire<'_, File<'_>> {
    let (at_user, (user_at, user_octets, password_at, password_octets, key)) =
        (le_u16, le_u16, le_u16, le_u16, le_u32).parse(object)?;
    if user_at != 12 || password_at != user_octets.saturating_add(12) {
        return fault(object, Class::FieldLength, "user and password are not where they belong");
    }
    let (left, (user, _)) = (take(user_octets), take(password_octets)).parse(at_user)?;
    Ok((left, File::Authentication { user, password_octets, key }))
}

fn command(object: &[u8]) -> Wire<'_, File<'_>> {
    let (after, (name_at, name_octets, created_ms, permissions, key)) =
        (le_u16, le_u16, le_u48, le_u16, le_u32).parse(object)?;
    let (at_name, (size, mode, block_octets, request)) =
        (le_u32, le_u16, le_u16, le_u16).parse(after)?;
    if name_at != 26 {
        return fault(object, Class::FieldLength, "a file name that is not where it belongs");
    }
    let (left, name) = take(name_octets).parse(at_name)?;
    let mode = mode.into();
    let command =
        File::Command { name, created_ms, permissions, key, size, mode, block_octets, request };
    Ok((left, command))
}

fn command_status(object: &[u8]) -> Wire<'_, File<'_>> {
    let (left, (handle, size, block_octets, request, status, text)) =
        (le_u32, le_u32, le_u16, le_u16, le_u8, rest).parse(object)?;
    let status = status.into();
    Ok((left, File::CommandStatus { handle, size, block_octets, request, status, text }))
}

fn transport(object: &[u8]) -> Wire<'_, File<'_>> {
    let (left, (handle, (block, last), octets)) = (le_u32, block, rest).parse(object)?;
    Ok((left, File::Transport { handle, block, last, octets }))
}

fn transport_status(object: &[u8]) -> Wire<'_, File<'_>> {
    let (left, (handle, (block, last), status, text)) =
        (le_u32, block, le_u8, rest).parse(object)?;
    Ok((left, File::TransportStatus { handle, block, last, status: status.into(), text }))
}

/// A block number, and whether it is the last.
fn block(input: &[u8]) -> Wire<'_, (u32, bool)> {
    le_u32.map(|block| (block & 0x7fff_ffff, block >> 31 == 1)).parse(input)
}

fn descriptor(object: &[u8]) -> Wire<'_, File<'_>> {
    let (at_name, (name_at, name_octets, file_type, size, created_ms, permissions, request)) =
        (le_u16, le_u16, le_u16, le_u32, le_u48, le_u16, le_u16).parse(object)?;
    if name_at != 20 {
        return fault(object, Class::FieldLength, "a file name that is not where it belongs");
    }
    let (left, name) = take(name_octets).parse(at_name)?;
    Ok((left, File::Descriptor { name, file_type, size, created_ms, permissions, request }))
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    #[test]
    fn every_variation_reads_its_fields() {
        #[rustfmt::skip]
        let table: &[(u8, &[u8], File<'_>)] = &[
            (1, &hex!("0100 00 00 0000 0000 05000000 000000000000 0000 01000000 02000000 03000000 04 03 61"),
                File::Identifier { name: b"a", size: 5, function: 4, status: FileStatus::FileNotFound }),
            (2, &hex!("0c00 0400 1000 0400 07000000 6f706572 74657374"),
                File::Authentication { user: b"oper", password_octets: 4, key: 7 }),
            (3, &hex!("1a00 0100 010000000001 8001 02000000 03000000 0200 0004 0700 63"),
                File::Command { name: b"c", created_ms: 0x0100_0000_0001, permissions: 0x180, key: 2,
                    size: 3, mode: FileMode::Write, block_octets: 1_024, request: 7 }),
            (4, &hex!("04030201 00080000 0004 0700 01 6e6f"),
                File::CommandStatus { handle: 0x0102_0304, size: 2_048, block_octets: 1_024, request: 7,
                    status: FileStatus::PermissionDenied, text: b"no" }),
            (5, &hex!("01000000 02000080 6162"),
                File::Transport { handle: 1, block: 2, last: true, octets: b"ab" }),
            (6, &hex!("01000000 02000000 ff"),
                File::TransportStatus { handle: 1, block: 2, last: false, status: FileStatus::Undefined, text: b"" }),
            (7, &hex!("1400 0200 0100 05000000 000000000000 0000 0900 6162"),
                File::Descriptor { name: b"ab", file_type: 1, size: 5, created_ms: 0, permissions: 0, request: 9 }),
            (8, b"app.cfg", File::Specification(b"app.cfg")),
        ];
        for (variation, object, expected) in table {
            let read = File::read(*variation, object).unwrap();
            assert_eq!(read, Ok((&[][..], *expected)), "g70v{variation}");
        }
        for variation in (0..1).chain(9..=u8::MAX) {
            assert!(File::read(variation, &[]).is_none());
        }
    }

    #[test]
    fn names_outside_their_object_are_refused() {
        let far = hex!("1b00 0100 000000000000 0000 00000000 00000000 0100 0004 0700 63");
        assert!(File::read(3, &far).unwrap().is_err());
        let long = hex!("1a00 0200 000000000000 0000 00000000 00000000 0100 0004 0700 63");
        assert!(File::read(3, &long).unwrap().is_err());
        let swapped = hex!("1000 0400 0c00 0400 07000000 6f706572 74657374");
        assert!(File::read(2, &swapped).unwrap().is_err());
    }
}
