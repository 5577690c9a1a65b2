"""What no draft may hold: placeholders that nobody filled, and links that only work inside."""

import ipaddress
import re
from urllib.parse import urlsplit

_PLACEHOLDER = re.compile(
    r"\{\{|\{%|[#$%]\{|\[\[|<<|<(?:OTRS|OTOBO|KIX)_|\{[A-Za-z_][\w .|-]{0,80}\}"
)
_URL = re.compile(
    r"(?<![a-z0-9])[a-z][a-z0-9+.-]{1,12}:/{2,3}\[?[^\s<>\"'()\[\]（）《》，。；、]+", re.IGNORECASE
)
_BARE_HOST = re.compile(
    r"\b(?:localhost|intranet)(?:[/:]|\.\w)|[\w-]{1,63}\.(?:internal|intranet|corp|lan)(?![\w.-])",
    re.IGNORECASE,
)
_PRIVATE_NAMES = frozenset({"localhost", "intranet"})
_PRIVATE_ENDS = (".internal", ".intranet", ".local", ".localhost", ".lan", ".corp", ".home.arpa")


def is_unsafe(text: str) -> bool:
    """Tell whether a text holds an unfilled placeholder or a link that only works inside."""
    if _PLACEHOLDER.search(text) or _BARE_HOST.search(text):
        return True
    return any(_is_internal(url) for url in _URL.findall(text))


def _is_internal(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").lower()
    except ValueError:
        return True
    if parts.scheme.lower() not in {"http", "https"}:
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        labels = host.split(".")
        named = not _PRIVATE_NAMES.isdisjoint(labels) or host.endswith(_PRIVATE_ENDS)
        return named or len(labels) == 1
