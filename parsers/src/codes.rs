//! How the enums of wire codes are made.

/// Makes an enum of wire codes that loses nothing: each code has a variant and a name, any other
/// value stays in `Unknown`, and what comes out is what went in.
macro_rules! codes {
    (
        $(#[$about:meta])*
        $enum:ident($wire:ty) {
            $($(#[$doc:meta])* $variant:ident = $code:literal $name:literal,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $enum {
            $($(#[$doc])* $variant,)+
            /// Any other value. Build codes with [`From`], so that none with a name hides here.
            Unknown($wire),
        }

        impl $enum {
            /// The value on the wire.
            #[must_use]
            pub const fn code(self) -> $wire {
                match self {
                    $(Self::$variant => $code,)+
                    Self::Unknown(code) => code,
                }
            }

            /// Its name in records: lower case, words joined by `_`; `unknown` for any without.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Unknown(_) => "unknown",
                }
            }
        }

        impl From<$wire> for $enum {
            fn from(code: $wire) -> Self {
                match code {
                    $($code => Self::$variant,)+
                    other => Self::Unknown(other),
                }
            }
        }
    };
}

pub(crate) use codes;

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    /// Codes, back from the enum, and names of all values; names must be unique and snake case.
    pub(crate) fn check(all: impl Iterator<Item = (u16, u16, &'static str)>) -> usize {
        let mut names = BTreeSet::new();
        for (code, back, name) in all {
            assert_eq!(code, back);
            let snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(name.chars().all(snake), "{name}");
            assert!(name == "unknown" || names.insert(name), "{name} twice");
        }
        names.len()
    }
}
