//! The attributes that the relay knows.

/// The type of an attribute. Below 0x8000 a receiver must understand it or refuse the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind(pub(crate) u16);

impl Kind {
    pub(crate) const USERNAME: Self = Self(0x0006);
    pub(crate) const MESSAGE_INTEGRITY: Self = Self(0x0008);
    pub(crate) const ERROR_CODE: Self = Self(0x0009);
    pub(crate) const UNKNOWN_ATTRIBUTES: Self = Self(0x000a);
    pub(crate) const CHANNEL_NUMBER: Self = Self(0x000c);
    pub(crate) const LIFETIME: Self = Self(0x000d);
    pub(crate) const XOR_PEER_ADDRESS: Self = Self(0x0012);
    pub(crate) const DATA: Self = Self(0x0013);
    pub(crate) const REALM: Self = Self(0x0014);
    pub(crate) const NONCE: Self = Self(0x0015);
    pub(crate) const XOR_RELAYED_ADDRESS: Self = Self(0x0016);
    pub(crate) const REQUESTED_ADDRESS_FAMILY: Self = Self(0x0017);
    pub(crate) const EVEN_PORT: Self = Self(0x0018);
    pub(crate) const REQUESTED_TRANSPORT: Self = Self(0x0019);
    pub(crate) const MESSAGE_INTEGRITY_SHA256: Self = Self(0x001c);
    pub(crate) const PASSWORD_ALGORITHM: Self = Self(0x001d);
    pub(crate) const USERHASH: Self = Self(0x001e);
    pub(crate) const XOR_MAPPED_ADDRESS: Self = Self(0x0020);
    pub(crate) const RESERVATION_TOKEN: Self = Self(0x0022);
    pub(crate) const ADDITIONAL_ADDRESS_FAMILY: Self = Self(0x8000);
    pub(crate) const FINGERPRINT: Self = Self(0x8028);

    /// Understood in requests of any method, be it to ignore them. DONT-FRAGMENT is missing: a relay that cannot set the flag
    /// treats it as unknown (RFC 8656 §7.2).
    const UNDERSTOOD: [Self; 16] = [
        Self::USERNAME,
        Self::MESSAGE_INTEGRITY,
        Self::CHANNEL_NUMBER,
        Self::LIFETIME,
        Self::XOR_PEER_ADDRESS,
        Self::DATA,
        Self::REALM,
        Self::NONCE,
        Self::REQUESTED_ADDRESS_FAMILY,
        Self::EVEN_PORT,
        Self::REQUESTED_TRANSPORT,
        Self::MESSAGE_INTEGRITY_SHA256,
        Self::PASSWORD_ALGORITHM,
        Self::USERHASH,
        Self::XOR_MAPPED_ADDRESS,
        Self::RESERVATION_TOKEN,
    ];

    /// Whether a message with it must be refused (RFC 8489 §6.3.1).
    pub(crate) fn must_be_refused(self) -> bool {
        self.0 < 0x8000 && !Self::UNDERSTOOD.contains(&self)
    }
}

/// One attribute of a message, without its padding.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attribute<'a> {
    pub(crate) kind: Kind,
    pub(crate) value: &'a [u8],
    /// Where its header begins in the message.
    pub(super) offset: usize,
}
