"""Sites of a company whose pages may search its public articles, and how often their visitors may.

A site is named by its origin, as browsers send it. The brand is that of the site: whoever asks
cannot choose another.
"""

import ipaddress
import re
from collections.abc import Mapping

from limits import RateLimitItem, parse

from triage.access.rates import Rates
from triage.errors import ConfigError, ForbiddenError, RateLimitedError

FIELD = "TRIAGE_WIDGET_SITES"
NO_BRAND = "\0"
"""Brand of a site without one: no article has it, so only articles of no brand are shown there."""
MAX_VISITORS = 10_000
"""Addresses that are remembered at once."""
ALL_TOGETHER = 20
"""How many times the rate of one visitor all visitors together may ask."""
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
_NETWORK = 64
"""Bits of an IPv6 address that are one visitor's: a household gets all addresses behind them."""


def read_sites(text: str) -> Mapping[str, str]:
    """Read sites such as ``https://help.example=kvistholm, https://www.example``.

    Returns:
        Origin to brand; ``NO_BRAND`` for a site of none.

    Raises:
        ConfigError: When a part is no origin.
    """
    found = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        origin, _, brand = part.partition("=")
        origin = origin.strip().rstrip("/").lower()
        if not _ORIGIN.fullmatch(origin):
            raise ConfigError(
                f"{FIELD}: {part!r} names no site.",
                fix="Write https://help.example=brand, or https://help.example without a brand; "
                "several with commas.",
                field=FIELD,
            )
        found[origin] = brand.strip() or NO_BRAND
    return found


class Visitors:
    """Lets the pages of known sites ask, each visitor so often; for the event loop alone.

    Args:
        sites: Origin to brand.
        rate: How often one visitor may ask.
    """

    def __init__(self, sites: Mapping[str, str], rate: RateLimitItem) -> None:
        self.sites = sites
        self._rate = rate
        seconds = rate.get_expiry()
        self._whole = parse(f"{rate.amount * ALL_TOGETHER} per {seconds} second")
        self._rates, self._all = Rates(), Rates()
        self._seen: set[str] = set()

    def enter(self, origin: str, address: str) -> str:
        """Return the brand of a site whose page asks.

        Raises:
            ForbiddenError: When no such site is known.
            RateLimitedError: When its visitor, or all together, asked too often.
        """
        brand = self.sites.get(origin.lower())
        if brand is None:
            raise ForbiddenError(
                "Pages of this site may not search here.",
                fix=f"Whoever runs the service adds its origin to {FIELD}.",
            )
        if len(self._seen) >= MAX_VISITORS:
            self._rates, self._seen = Rates(), set()
        visitor = network_of(address)
        self._seen.add(visitor)
        own = self._rates.take(self._rate, visitor)
        if not own.granted or not self._all.take(self._whole, "").granted:
            raise RateLimitedError("Too many searches.", fix="Wait a moment.")
        return brand


def network_of(address: str) -> str:
    """Return what stands for a visitor: the address, or the network of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, _NETWORK), strict=False))
    return address
