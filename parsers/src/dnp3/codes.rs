//! Enums of the wire: known codes by name, all others kept as they came.

/// Declares an enum of wire codes with `From`, `code` and `name`.
macro_rules! codes {
    (
        $(#[$meta:meta])*
        $enum:ident: $wire:ty {
            $($variant:ident = $code:literal, $name:literal, $doc:literal;)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $enum {
            $(#[doc = $doc] $variant,)+
            /// A code that the tables do not name.
            Unknown($wire),
        }

        impl $enum {
            /// Its code on the wire.
            #[must_use]
            pub const fn code(self) -> $wire {
                match self {
                    $(Self::$variant => $code,)+
                    Self::Unknown(code) => code,
                }
            }

            /// Its name in records: lower case, words joined by `_`.
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
                    code => Self::Unknown(code),
                }
            }
        }
    };
}

pub(crate) use codes;
