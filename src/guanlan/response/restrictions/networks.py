"""Addresses and networks: one way of writing each, and which are too wide to restrict."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.engine.restrictions import plain_address
from guanlan.response.restrictions.terms import LEAST_PREFIX

Network = IPv4Network | IPv6Network
_MAPPED: Final = IPv6Network("::ffff:0:0/96")  # IPv4 addresses written as IPv6


def network_of(key: str) -> Network | None:
    """The network of an address or of CIDR text; None where the key is neither (a token).
    Raises ValidationError for CIDR text that is wrong."""
    try:
        if "/" not in key:
            return ip_network(plain_address(key))
        found = ip_network(key)
    except ValueError:
        if "/" not in key:
            return None
        text = _("A network is written like 203.0.113.0/24, without bits beyond its length.")
        raise ValidationError({"key": text}) from None
    if isinstance(found, IPv6Network) and found.subnet_of(_MAPPED):
        number = int(found.network_address) & 0xFFFF_FFFF
        return IPv4Network((number, found.prefixlen - _MAPPED.prefixlen))
    return found


def written(network: Network) -> str:
    """The one way a network or an address is written."""
    if network.prefixlen == network.max_prefixlen:
        return str(network.network_address)
    return str(network)


def check_width(network: Network) -> None:
    """Raises ValidationError for a network of more addresses than one restriction may meet."""
    least = LEAST_PREFIX[network.version]
    if network.prefixlen < least:
        text = _("A network of /%(length)s is too wide: the widest allowed is /%(least)s.")
        values = {"length": network.prefixlen, "least": least}
        raise ValidationError({"key": text % values})


def overlap(one: Network, other: Network) -> bool:
    """Whether two networks share an address."""
    return one.version == other.version and one.overlaps(other)
