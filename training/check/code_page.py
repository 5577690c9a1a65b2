"""Guess the code page of a file that is not UTF-8."""

import gzip
from pathlib import Path

READ = 1_000_000
"""Bytes of the file that the guess is made from."""
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_COMMON_HAN = "的是我不了在有你这个们中来上大为和国地到说时要就出会可也"
_MIN_SHARE = 0.03
# What Romanian and Danish letters are in Windows-1250 and Windows-1252.
_ROMANIAN, _WESTERN = frozenset("ăâîşţĂÂÎŞŢ"), frozenset("æøåÆØÅéèüöäñç")


def guess_code_page(path: Path) -> str:
    """Name the code page that a text file is most likely in, as iconv knows it."""
    raw = _beginning(path)
    if raw.startswith(_UTF16) or raw.count(b"\x00") > len(raw) // 4:
        return "UTF-16"
    han = _decoded(raw, "gb18030")
    if han is not None:
        foreign = [char for char in han if char > "\x7f"]
        if sum(char in _COMMON_HAN for char in foreign) > _MIN_SHARE * len(foreign):
            return "GB18030"
    central, western = raw.decode("cp1250", "replace"), raw.decode("cp1252", "replace")
    romanian = sum(char in _ROMANIAN for char in central if char > "\x7f")
    latin = sum(char in _WESTERN for char in western if char > "\x7f")
    return "WINDOWS-1250" if romanian > latin else "WINDOWS-1252"


def _beginning(path: Path) -> bytes:
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
        return stream.read(READ)


def _decoded(raw: bytes, name: str) -> str | None:
    try:
        return raw.decode(name)
    except UnicodeDecodeError as error:
        # The last character may be cut in two.
        return raw[: error.start].decode(name) if error.start > len(raw) - 4 else None
