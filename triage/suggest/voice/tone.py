"""Choose the tone of an opening: an apology only for trouble that is ours."""

import re
from typing import Literal

Tone = Literal["positive", "neutral", "negative"]
LOOKED_AT = 2_000
"""Characters of a message that are looked at."""

_FIRM = "provider|company|shop|store|supplier|vendor|bank|app|service|seller|retailer|brand|carrier"
_OTHERS = {
    "en": rf"\b(?:competitors?|(?:previous|former|old|last|other|another|different|rival) "
    rf"(?:{_FIRM})|my (?:ex|boss|landlord|neighbou?rs?|colleagues?|employer|tenants?|flatmate))\b",
    "da": r"\b(?:konkurrent\w{0,4}|(?:tidligere|gamle|forrige|anden|andet|andre) (?:leverandør|"
    r"udbyder|firma|butik|selskab|forhandler|bank|app|tjeneste|webshop)\w{0,3}|"
    r"min (?:eks|chef|udlejer|nabo|kollega|arbejdsgiver|lejer)|mine naboer)\b",
    "ro": r"\b(?:concuren[țt]\w{0,5}|(?:furnizor|firm|magazin|companie|companii|operator|banc|"
    r"aplica[țt]i|serviciu)\w{0,4} (?:anterio|vech|preceden)\w{1,4}|alt[ăe]? (?:furnizor|firm|"
    r"magazin|companie|operator|banc)\w{0,3}|(?:fost\w{0,3}|vechi\w{0,3}) (?:furnizor|firm|"
    r"magazin|operator)\w{0,3}|(?:șeful|vecin\w{0,4}|proprietarul|colegul|chiriaș\w{0,3}) "
    r"me[ui])\b",
    "zh": "竞争对手|(?:以前|之前|原来|上一家|别的|其他|另一家)的?"
    "(?:公司|商家|店|供应商|平台|银行|品牌)|别家|我(?:的)?(?:邻居|房东|老板|前任|同事|租客)",
}
_US = {
    "en": r"\byours?\b(?! (?:competitors?|rivals?))|\byou(?:['’](?:ve|re)| (?:have|did|didn['’]?t|"
    r"do not|don['’]?t|never|always|sent|keep|kept|promised|charged|lost|are|were|guys|people))\b",
    "da": r"\bjeres\b(?! konkurrent)|\b(?:hos|af|fra|til) jer\b|\b(?-i:I) (?:har|er|bliver|lovede|"
    r"sendte|kan ikke|svarer|skriver|opkræv\w{0,5})\b|\b(?:du|De) har\b|\bDeres\b",
    "ro": r"\b(?:voastr[ăe]|vo[șs]tri|vostru|dumneavoastr[ăa]|dvs|de la voi|a[țt]i|ave[țt]i|"
    r"sunte[țt]i|trimite[țt]i|lucra[țt]i)\b",
    "zh": "(?:你们|您们|贵司|贵公司|贵店|你家)(?!的?(?:竞争|对手|同行))",
}
_OF_OTHERS = {code: re.compile(pattern, re.IGNORECASE) for code, pattern in _OTHERS.items()}
_OF_US = {code: re.compile(pattern, re.IGNORECASE) for code, pattern in _US.items()}


def tone_of(sentiment: str | None, text: str, language: str) -> Tone:
    """Choose the tone of a reply.

    A negative message is met with an apology, unless it speaks of somebody else and holds nothing
    against us: an apology for another firm's fault sounds careless, and admits what is not ours.

    Args:
        sentiment: The label given; any but positive and negative counts as neutral.
        text: The cleaned message.
        language: Its language.
    """
    if sentiment == "positive":
        return "positive"
    if sentiment != "negative":
        return "neutral"
    return "neutral" if _is_about_others(text[:LOOKED_AT], language) else "negative"


def _is_about_others(text: str, language: str) -> bool:
    others = _OF_OTHERS.get(language)
    if others is None or not others.search(text):
        return False
    return not _OF_US[language].search(text)
