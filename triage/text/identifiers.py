"""Checks of numbers and strings that identify: checksums where there are some, else their form."""

import ipaddress
import re
from datetime import date
from itertools import pairwise
from typing import Final
from urllib.parse import urlsplit

# ISO 13616 registry: length by country, for the countries of the euro payments area and near it.
_IBAN_LENGTHS: Final = {
    **dict.fromkeys(("NO",), 15),
    **dict.fromkeys(("BE",), 16),
    **dict.fromkeys(("DK", "FI", "NL", "FO", "GL"), 18),
    **dict.fromkeys(("SI", "MK"), 19),
    **dict.fromkeys(("AT", "EE", "LT", "LU", "BA", "XK"), 20),
    **dict.fromkeys(("CH", "LI", "LV", "HR"), 21),
    **dict.fromkeys(("DE", "GB", "IE", "BG", "ME", "RS", "GE", "BH"), 22),
    **dict.fromkeys(("AE", "GI", "IL"), 23),
    **dict.fromkeys(("CZ", "ES", "SE", "SK", "RO", "PK", "AD", "MD", "SA"), 24),
    **dict.fromkeys(("PT",), 25),
    **dict.fromkeys(("IS", "TR"), 26),
    **dict.fromkeys(("FR", "GR", "IT", "MC", "SM"), 27),
    **dict.fromkeys(("PL", "HU", "CY", "AL", "LB"), 28),
    **dict.fromkeys(("UA", "KZ", "QA"), 29),
    **dict.fromkeys(("MT",), 31),
}
_CPR_WEIGHTS: Final = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_CNP_WEIGHTS: Final = (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)
_CNP_CENTURIES: Final = {"1": 1900, "2": 1900, "3": 1800, "4": 1800, "5": 2000, "6": 2000}
_CHINESE_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHINESE_CHECKS: Final = "10X98765432"

_VERSION: Final = re.compile(
    r"(?:version|ver\.?|v|versiunea|release|firmware|build|版本|固件) ?$", re.IGNORECASE
)
_CALL: Final = re.compile(
    r"(?:tel|tlf|phone|telefon\w*|mobil\w*|mob|call(?: me)?(?: on| at)?|ring(?: til| på)?|"
    r"nummer\w*|number|numărul|suna[țt]i(?:-mă)?(?: la)?|sms|whatsapp|电话|手机|致电|號碼|号码)"
    r"[^\w\n]{0,4}(?:is |er |este |是)?$",
    re.IGNORECASE,
)
_NATIONAL: Final = (
    re.compile(r"[2-9][0-9](?: [0-9]{2}){3}$"),  # Denmark
    re.compile(r"0[237][0-9]{2}[ .-]?[0-9]{3}[ .-]?[0-9]{3}$"),  # Romania
    re.compile(r"1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}$"),  # China, mobile
    re.compile(r"\(?0[1-9][0-9]{1,2}\)?[ -][0-9]{4}[ -]?[0-9]{3,4}$"),  # China, fixed line
    re.compile(r"\(?0[1-9][0-9]{2,4}\)?[ -][0-9]{3}[ -]?[0-9]{3,4}$"),  # United Kingdom
    re.compile(r"0[1-9][0-9]{1,3} [0-9]{3,4} [0-9]{3,4}$"),  # United Kingdom, Ireland
    re.compile(r"\(?[2-9][0-9]{2}\)?[ -.][2-9][0-9]{2}[-. ][0-9]{4}$"),  # North America
)
_DATE: Final = re.compile(r"(?:[0-9]{1,4}[./-]){2}[0-9]{1,4}$|[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MIN_INTERNATIONAL: Final = 8
_MAX_DIGITS: Final = 15
_MIN_LABELLED: Final = 7
_KEY_PREFIXES: Final = (
    "sk-",
    "sk_",
    "pk_",
    "ghp_",
    "gho_",
    "github_pat_",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "AIza",
    "eyJ",
    "glpat-",
)
_MIN_HEX: Final = 32
_MIN_MIXED: Final = 24
_MIN_CHANGES: Final = 4
_TOKEN_SEGMENT: Final = 20
_MIN_COLONS: Final = 2


def digits(text: str) -> str:
    """Return the ASCII digits of a text."""
    return "".join(char for char in text if "0" <= char <= "9")


def iban_length(text: str) -> int:
    """Return how much of a text is an IBAN by length and ISO 7064 mod 97-10, 0 when none is."""
    wanted = _IBAN_LENGTHS.get(text[:2].upper(), 0)
    kept: list[str] = []
    for at, char in enumerate(text):
        if char not in " -":
            kept.append(char.upper())
        if wanted and len(kept) == wanted:
            moved = "".join([*kept[4:], *kept[:4]])
            good = int("".join(str(int(part, 36)) for part in moved)) % 97 == 1
            return at + 1 if good else 0
    return 0


def is_card(text: str) -> bool:
    """Tell whether a number has a card's length and check digit (Luhn, ISO/IEC 7812-1)."""
    number = digits(text)
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)  # noqa: PLR2004 the sum of a product's digits
    return total % 10 == 0 and len(set(number)) > 1


def is_cpr(text: str) -> bool:
    """Tell whether a text is a Danish personal number.

    Its date must exist. Written in one run it must pass mod 11 too, which numbers issued since
    2007 need not, because order numbers look the same.
    """
    number = digits(text)
    day, month, year = int(number[:2]), int(number[2:4]), int(number[4:6])
    if not any(_is_date(century + year, month, day) for century in (1900, 2000)):
        return False
    weighted = sum(int(d) * w for d, w in zip(number, _CPR_WEIGHTS, strict=True))
    return "-" in text or weighted % 11 == 0


def is_cnp(text: str) -> bool:
    """Tell whether 13 digits are a Romanian personal code: date and check digit (mod 11)."""
    year, month, day = int(text[1:3]), int(text[3:5]), int(text[5:7])
    centuries = (_CNP_CENTURIES[text[0]],) if text[0] in _CNP_CENTURIES else (1900, 2000)
    if not any(_is_date(century + year, month, day) for century in centuries):
        return False
    check = sum(int(d) * w for d, w in zip(text[:12], _CNP_WEIGHTS, strict=True)) % 11
    return int(text[12]) == (1 if check == 10 else check)  # noqa: PLR2004 ten is written as one


def is_chinese_id(text: str) -> bool:
    """Tell whether 18 characters are a resident identity number (GB 11643, ISO 7064 mod 11-2)."""
    if not _is_date(int(text[6:10]), int(text[10:12]), int(text[12:14])):
        return False
    weighted = sum(int(d) * w for d, w in zip(text[:17], _CHINESE_WEIGHTS, strict=True))
    return _CHINESE_CHECKS[weighted % 11] == text[17].upper()


def is_phone(text: str, before: str) -> bool:
    """Tell whether digits are a telephone number: by their form, or by the word before them."""
    number = digits(text)
    if _DATE.match(text) or len(number) > _MAX_DIGITS:
        return False
    if text.startswith("+") or number.startswith("00"):
        return len(number) >= _MIN_INTERNATIONAL
    if any(form.match(text) for form in _NATIONAL):
        return True
    return len(number) >= _MIN_LABELLED and _CALL.search(before) is not None


def is_address(text: str, before: str) -> bool:
    """Tell whether a text is an IPv4 or IPv6 address and not a version."""
    if "." not in text and text.count(":") < _MIN_COLONS:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return _VERSION.search(before) is None and len(text) > len("::1")


def is_telling_url(url: str) -> bool:
    """Tell whether an address carries more than a place: a query, a login, a long token."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    segments = [*parts.path.split("/"), parts.fragment]
    return bool(parts.query or "@" in parts.netloc or any(_is_token(part) for part in segments))


def is_key(text: str) -> bool:
    """Tell whether a long string is a key: a known prefix, plain hexadecimal, or a random mix."""
    if text.startswith(_KEY_PREFIXES):
        return True
    if len(text) >= _MIN_HEX and not text.strip("0123456789abcdefABCDEF-") and not text.isdigit():
        return text.count("-") in {0, _MIN_CHANGES}
    return len(text) >= _MIN_MIXED and _is_mixed(text)


def _is_token(segment: str) -> bool:
    return len(segment) >= _TOKEN_SEGMENT and (_is_mixed(segment) or is_key(segment))


def _is_mixed(text: str) -> bool:
    """Tell whether letters and digits alternate as in a random string, not as in a name."""
    kinds = ["0" if c.isdigit() else "A" if c.isupper() else "a" for c in text if c.isalnum()]
    changes = sum(left != right for left, right in pairwise(kinds))
    return len(set(kinds)) > 1 and "0" in kinds and changes >= 2 * _MIN_CHANGES


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
