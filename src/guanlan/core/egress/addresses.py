"""Which addresses belong to the public internet.

Sources: the IANA special-purpose registries of IPv4 and IPv6 addresses (RFC 6890 and what was
added since). Python's own `is_global` differs from release to release, so that the ranges
stand here.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_NOT_PUBLIC_4: Final = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT; a cloud's metadata at 100.100.100.200
            "127.0.0.0/8",
            "168.63.129.16/32",  # a cloud's metadata at a public-looking address
            "169.254.0.0/16",  # link-local; metadata at 169.254.169.254
            "172.16.0.0/12",
            "192.0.0.0/24",  # protocol assignments; metadata at 192.0.0.192
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
_UNICAST_6: Final = IPv6Network("2000::/3")
_NOT_PUBLIC_6: Final = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",
            "2620:4f:8000::/48",
            "3fff::/20",
        ),
    )
)
_SIX_TO_FOUR: Final = IPv6Network("2002::/16")
_EMBEDDING: Final = tuple(
    map(IPv6Network, ("::ffff:0:0/96", "64:ff9b::/96"))  # IPv4-mapped, NAT64
)


def is_public(address: IPv4Address | IPv6Address | str) -> bool:
    """Whether the address is one of the public internet, also by the IPv4 address within it.

    Raises ValueError where a text is not an address.
    """
    if isinstance(address, str):
        address = ip_address(address)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address.scope_id:
        return False
    inner = embedded(address)
    if inner is not None:
        return is_public(inner)
    if address not in _UNICAST_6 or any(address in network for network in _NOT_PUBLIC_6):
        return False
    # An interface identifier of ISATAP leads to the IPv4 address in its last half.
    if (int(address) >> 32) & 0xFCFF_FFFF == 0x0000_5EFE:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    return True


def embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address to which a translating IPv6 address leads."""
    number = int(address)
    if address in _SIX_TO_FOUR:
        return IPv4Address((number >> 80) & 0xFFFF_FFFF)
    if any(address in network for network in _EMBEDDING):
        return IPv4Address(number & 0xFFFF_FFFF)
    return None
