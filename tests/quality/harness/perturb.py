"""What happens to texts on their way to a desk, each as one function with its own seed.

An edit changes characters and none of the meaning; an addition puts text beside the message that
its requester did not write now. All are pure: the same text and seed give the same result.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from random import Random

Edit = Callable[[str, str, Random], str]
"""Text, language code and random numbers to the changed text."""

LETTERS_PER_TYPO = 20
IDEOGRAPHS_PER_TYPO = 12
_WORD = re.compile(r"[^\W\d_]{4,}")
_IDEOGRAPH = re.compile("[\u3400-\u9fff]")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_PAIRS = ("的得", "在再", "那哪", "吗嘛", "已以", "账帐", "做作", "份分", "他她", "像象", "定订")
_CONFUSED = {left: pair.replace(left, "") for pair in _PAIRS for left in tuple(pair)}
_DANISH = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "Æ": "Ae", "Ø": "Oe", "Å": "Aa"})
_ACCENTED = frozenset({"da", "ro"})
_EMOJI = ("📦", "📱", "📎", "👉", "📅", "🏠")
_INVISIBLE = ("\u200b", "\u200d", "\ufeff", "\u00ad")
_CYRILLIC = str.maketrans("aceopxyABCEHKMOPTX", "асеорхуАВСЕНКМОРТХ")
_RADICALS = {
    unicodedata.normalize("NFKC", chr(point)): chr(point) for point in range(0x2F00, 0x2FD6)
}
_ONE_IN = 4
"""A zero-width character or a look-alike goes into one word in so many."""


def typos(text: str, language: str, random: Random) -> str:
    """Mistype: letters swapped, dropped, doubled or hit beside; in Chinese a word's sound-alike."""
    if language == "zh":
        return _chinese_typos(text, random)
    chars = list(text)
    places = [i for i in range(1, len(chars) - 1) if chars[i].isalpha() and chars[i + 1].isalpha()]
    for i in random.sample(places, max(1, len(places) // LETTERS_PER_TYPO) if places else 0):
        way = random.randrange(4)
        if way == 0:
            chars[i], chars[i + 1] = chars[i + 1], chars[i]
        else:
            chars[i] = ("", chars[i] * 2, _beside(chars[i], random))[way - 1]
    return "".join(chars)


def _chinese_typos(text: str, random: Random) -> str:
    chars = list(text)
    places = [i for i, char in enumerate(chars) if _IDEOGRAPH.match(char)]
    wanted = max(1, len(places) // IDEOGRAPHS_PER_TYPO) if places else 0
    confused = [i for i in places if chars[i] in _CONFUSED]
    for i in random.sample(confused, min(wanted, len(confused))):
        chars[i] = _CONFUSED[chars[i]]
        wanted -= 1
    for i in random.sample(places[:-1], min(wanted, len(places[:-1]))):
        chars[i], chars[i + 1] = chars[i + 1], chars[i]
    return "".join(chars)


def _beside(char: str, random: Random) -> str:
    for row in _ROWS:
        at = row.find(char.lower())
        if at >= 0:
            return random.choice(row[max(0, at - 1) : at] + row[at + 1 : at + 2])
    return char


def lower_case(text: str, language: str, random: Random) -> str:  # noqa: ARG001 - an edit
    """Write without capitals."""
    return text.lower()


def upper_case(text: str, language: str, random: Random) -> str:  # noqa: ARG001 - an edit
    """Write in capitals alone."""
    return text.upper()


def missing_diacritics(text: str, language: str, random: Random) -> str:  # noqa: ARG001 - an edit
    """Write Danish and Romanian on a keyboard that lacks their letters."""
    if language not in _ACCENTED:
        return text
    if language == "da":
        return text.translate(_DANISH)
    parts = unicodedata.normalize("NFD", text)
    return "".join(char for char in parts if not unicodedata.combining(char))


def emoji(text: str, language: str, random: Random) -> str:  # noqa: ARG001 - an edit
    """Add two emoji that show things and no feeling, one at the end, one after a sentence."""
    first, last = random.sample(_EMOJI, 2)
    ends = [match.end() for match in re.finditer(r"[.!?。！？]", text[:-1])]
    if ends:
        at = random.choice(ends)
        text = f"{text[:at]} {first} {text[at:].lstrip(' ')}"
    return f"{text} {last}"


def zero_width(text: str, language: str, random: Random) -> str:
    """Put characters that nobody sees inside words."""

    def split(word: re.Match[str]) -> str:
        found = word.group()
        at = random.randrange(1, len(found))
        return found[:at] + random.choice(_INVISIBLE) + found[at:]

    pattern = re.compile("[\u3400-\u9fff]{2}") if language == "zh" else _WORD
    return _in_some(pattern, text, split, random)


def homoglyphs(text: str, language: str, random: Random) -> str:
    """Write some words with letters that only look the same: Cyrillic, or Chinese radicals."""
    if language == "zh":
        pattern = re.compile("[" + "".join(_RADICALS) + "]")
        return _in_some(pattern, text, lambda found: _RADICALS[found.group()], random)
    return _in_some(_WORD, text, lambda found: found.group().translate(_CYRILLIC), random)


def _in_some(
    pattern: re.Pattern[str], text: str, change: Callable[[re.Match[str]], str], random: Random
) -> str:
    places = list(pattern.finditer(text))
    chosen = random.sample(places, -(-len(places) // _ONE_IN))
    for place in sorted(chosen, key=re.Match.start, reverse=True):
        text = text[: place.start()] + change(place) + text[place.end() :]
    return text


EDITS: Mapping[str, Edit] = {
    "typos": typos,
    "lower case": lower_case,
    "upper case": upper_case,
    "missing diacritics": missing_diacritics,
    "emoji": emoji,
    "zero-width": zero_width,
    "homoglyphs": homoglyphs,
}

_ATTRIBUTION = {
    "en": "On Tue, 17 Nov 2026 at 10:12, Robin Vale <robin.vale@example.com> wrote:",
    "da": "Den tir. 17. nov. 2026 kl. 10.12 skrev Robin Vale <robin.vale@example.com>:",
    "ro": "În mar., 17 nov. 2026 la 10:12, Robin Vale <robin.vale@example.com> a scris:",
    "zh": "Robin Vale <robin.vale@example.com> 于2026年11月17日周二 10:12写道：",
}
_FORWARD = {
    "en": "-----Original Message-----\nFrom: Robin Vale\nSent: 17 November 2026 10:12\n"
    "To: Support\nSubject: {subject}",
    "da": "-----Oprindelig meddelelse-----\nFra: Robin Vale\nSendt: 17. november 2026 10:12\n"
    "Til: Support\nEmne: {subject}",
    "ro": "-----Mesaj original-----\nDe la: Robin Vale\nTrimis: 17 noiembrie 2026 10:12\n"
    "Către: Support\nSubiect: {subject}",
    "zh": "-----原始邮件-----\n发件人: Robin Vale\n发送时间: 2026年11月17日 10:12\n"
    "收件人: Support\n主题: {subject}",
}
_SIGNATURE = {
    "en": "Kind regards,\n\nRobin Vale\nHead of Facilities\nHarrow & Finch Ltd\n"
    "12 Mill Lane, Leeds LS1 4XY\nTel. +44 113 496 0000 | Mobile +44 7700 900123\n"
    "robin.vale@example.com | www.harrowfinch.example\n\n"
    "This e-mail and any attachments are confidential and intended solely for the addressee. "
    "If you have received it in error, please notify the sender and delete it.",
    "da": "Med venlig hilsen\n\nRobin Vale\nDriftschef\nHarrow & Finch A/S\n"
    "Møllevej 12, 8000 Aarhus C\nTlf. +45 86 00 00 00 | Mobil +45 20 00 00 00\n"
    "robin.vale@example.com | www.harrowfinch.example\n\n"
    "Denne e-mail og vedhæftede filer er fortrolige og kun beregnet for modtageren. "
    "Har du modtaget den ved en fejl, bedes du kontakte afsenderen og slette den.",
    "ro": "Cu stimă,\n\nRobin Vale\nDirector administrativ\nHarrow & Finch SRL\n"
    "Str. Morii nr. 12, Cluj-Napoca\nTel. +40 264 000 000 | Mobil +40 740 000 000\n"
    "robin.vale@example.com | www.harrowfinch.example\n\n"
    "Acest e-mail și fișierele atașate sunt confidențiale și destinate exclusiv "
    "destinatarului. Dacă l-ați primit din greșeală, anunțați expeditorul și ștergeți-l.",
    "zh": "此致\n敬礼\n\n罗宾\n行政部经理\n哈罗芬奇有限公司\n上海市磨坊路12号\n"
    "电话：021-0000-0000 | 手机：130-0000-0000\n"
    "robin.vale@example.com | www.harrowfinch.example\n\n"
    "本邮件及其附件含有保密信息，仅供收件人使用。如误收本邮件，请通知发件人并删除。",
}


def quoted_history(text: str, language: str, other: str, random: Random) -> str:
    """Put an earlier message beneath, as a mail program quotes or as another one forwards it."""
    if random.randrange(2):
        quoted = "\n".join(f"> {line}" for line in other.splitlines())
        return f"{text}\n\n{_ATTRIBUTION[language]}\n{quoted}"
    return f"{text}\n\n{_FORWARD[language].format(subject='Support')}\n\n{other}"


def long_signature(text: str, language: str, random: Random) -> str:
    """End with a company signature and a disclaimer, with or without the dashes before it."""
    dashes = "-- \n" if random.randrange(2) else ""
    return f"{text}\n\n{dashes}{_SIGNATURE[language]}"
