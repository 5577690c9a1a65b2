"""Take greetings and courtesies off a reply, in English, Danish, Romanian and Chinese.

What is left is the matter. Signatures and quotes are not looked at here; ``strip`` takes those.
"""

import re
from typing import Final

_LINES: Final = 3
"""Lines from the top in which a greeting may stand."""
_NAMES: Final = 4
_SENTENCE: Final = 160
"""Longest courtesy, in characters."""

_OPENINGS: Final = (
    "hello|hi|hey|dear|good morning|good afternoon|good evening|greetings|"
    "hej|kære|goddag|godmorgen|god aften|hallo|halløj|"
    "bună ziua|buna ziua|bună seara|buna seara|bună dimineața|buna dimineata|bună|buna|salut|"
    "salutare|dragă|draga|stimate|stimată|stimata"
)
_OPENING: Final = re.compile(rf"(?:{_OPENINGS})(?![^\W_])", re.IGNORECASE)
_OPENING_HAN: Final = re.compile(
    r"(?:尊敬的|亲爱的)?[\u3400-\u9fff·]{0,8}?(?:您好|你好)[啊呀]?[\s,，!！。~～:：]*"
    r"|(?:尊敬的|亲爱的)[\u3400-\u9fff·]{1,8}[,，:：!！]\s*"
)
_STOP: Final = re.compile(r"[,，!！:：.;。]|\s[-–—]\s|$")
_FILLERS: Final = frozenset(
    {
        *("there", "all", "team", "again", "everyone", "and", "customer", "valued", "client"),
        *("sir", "madam", "or", "igen", "alle", "med", "dig", "jer", "kunde", "og", "din", "dit"),
        *("client", "clientă", "domnule", "doamnă", "doamna", "domn", "și", "si", "tuturor"),
        *("dvs", "dumneavoastră", "d-le", "d-na", "hr", "fru"),
    }
)
_COURTESY_FORMS: Final = r"""
(?:many )?thank(?:s| you)(?: very much| so much| a lot)?(?: again)?(?:[.!,]*$| in advance)
(?:many )?thank(?:s| you)(?: very much| so much| again)? for (?:contacting|reaching|writing)
(?:many )?thank(?:s| you)(?: very much| so much| again)? for (?:getting in touch|your \w+)
(?:we|i)(?:'m| am| are)?(?: very| so| really)? (?:apologi[sz]e|sorry) for (?:the|any)
(?:sorry|apologies|our apologies) for (?:the|any) (?:inconvenience|trouble|delay)
(?:please )?(?:let (?:me|us) know|feel free|do not hesitate|don't hesitate|reach out)\b
if you have any (?:(?:other|further|more|additional) )?questions
(?:i )?hope (?:this|that) helps|(?:is|was) there anything else
have a (?:nice|great|good|lovely) (?:day|weekend|evening)
(?:mange |tusind )?tak (?:for|fordi) (?:din|jeres|dit|at du|du|I)\b
(?:(?:vi|jeg) )?beklager (?:ulejligheden|ventetiden|besværet)
(?:du er|i er) (?:altid )?velkommen til at (?:skrive|kontakte|ringe|svare)
(?:sig|skriv) (?:endelig )?til,? hvis|har du (?:andre|flere|yderligere) spørgsmål
(?:hav|ha|fortsat) (?:en )?(?:god|dejlig|fortsat god) (?:dag|weekend|aften)
(?:vă |va )?mul[țt]umi(?:m|esc)[^.]{0,12}pentru (?:mesaj|e-?mail|solicitare|r[ăa]bdare)
(?:vă |va )?mul[țt]umi(?:m|esc)[^.]{0,12}pentru [îi]n[țt]elegere
(?:vă |va )?mul[țt]umi(?:m|esc)(?: mult)? c[ăa] (?:ne-)?a[țt]i
(?:ne cerem scuze|ne pare r[ăa]u) pentru (?:inconvenien|[îi]nt[âa]rziere|nepl[ăa]cer)
nu ezita[țt]i|v[ăa] st[ăa]m la dispozi[țt]ie|dac[ăa] mai ave[țt]i
(?:o zi|o s[ăa]pt[ăa]m[âa]n[ăa]) (?:bun[ăa]|frumoas[ăa]|pl[ăa]cut[ăa])
(?:非常)?(?:感谢|谢谢|多谢)(?:您|你|你们)?的?(?:来信|来电|联系|咨询|反馈|耐心|支持|留言|理解|等待)
(?:非常|十分|很)?(?:抱歉|对不起|不好意思)[,，]?(?:给您|让您|为您)?(?:带来|造成|久等)
(?:如果|如|若)?(?:您|你)?(?:还)?有(?:其他|任何|别的)?(?:问题|疑问)
祝(?:您|你)|希望(?:以上|这)[^。]{0,10}(?:帮助|有用)
"""
_COURTESIES: Final = re.compile("|".join(_COURTESY_FORMS.split("\n")[1:-1]), re.IGNORECASE)
_CLAUSE: Final = re.compile(r"[,;:，；：]")
_SAYING: Final = 4
"""Words, or twice as many Chinese characters, from which a clause says something of its own."""


def strip_greeting(text: str) -> str:
    """Take a greeting, with the name behind it, off the beginning of a text."""
    lines = text.strip().split("\n")
    for at, line in enumerate(lines[:_LINES]):
        rest = _ungreeted(line.strip())
        if rest is not None:
            return "\n".join(filter(None, (rest, *lines[at + 1 :]))).strip()
        if line.strip():
            break
    return text.strip()


def is_courtesy(sentence: str) -> bool:
    """Tell whether a sentence thanks, apologises in general or says good-bye, and no more."""
    plain = sentence.strip()
    found = _COURTESIES.match(plain) if len(plain) <= _SENTENCE else None
    if found is None:
        return False
    clauses = _CLAUSE.split(plain[found.end() :])[1:]
    return not any(_says_something(clause) for clause in clauses)


def _ungreeted(line: str) -> str | None:
    """Return what stands behind a greeting in a line; None where it greets nobody."""
    han = _OPENING_HAN.match(line)
    if han:
        return line[han.end() :].strip()
    opening = _OPENING.match(line)
    if opening is None:
        return None
    stop = _STOP.search(line, opening.end())
    end = stop.start() if stop else len(line)
    words = line[opening.end() : end].split()
    named = all(word[:1].isupper() or word.casefold() in _FILLERS for word in words)
    if len(words) > _NAMES or not named:
        return None
    return line[stop.end() if stop else end :].lstrip(" ,!.:-–—")


def _says_something(clause: str) -> bool:
    words = len(clause.split())
    return words > _SAYING or (not clause.isascii() and words == 1 and len(clause) > 2 * _SAYING)
