"""Which language a message is written in, among the supported ones and their look-alikes.

The script decides where it can. Latin, Cyrillic and Arabic text goes to py3langid's byte
classifier: on the short messages of ``tests/quality/language.py`` lingua alone was as good (284
against 282 of 304), at four times the memory and eight times the time a message. The
probabilities are joined with what a desk knows beforehand: people mostly write in a supported
language, short words tell neighbours apart, and a declared language or a locale is evidence, not
proof.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import numpy as np

from triage.domain import Language
from triage.text.byte_model import ByteModel, Classifier
from triage.text.words import DANISH_ONLY, NORWEGIAN_ONLY, WORDS

UNKNOWN = "und"
# Languages that a desk meets and that resemble a supported one; hearing one of them is an answer.
DECOYS = (
    *("no", "sv", "de", "nl", "fr", "es", "it", "pt", "ca", "pl", "cs", "hu", "fi", "tr", "id"),
    *("ru", "uk", "bg", "sr", "ar", "fa", "ur", "ja", "ko", "el", "he", "th", "hi", "vi"),
)
MAX_READ = 2_000

# Names that other systems use, and close relatives that the same heads serve.
_ALIASES = {"yue": "zh", "wuu": "zh", "cmn": "zh", "nb": "no", "nn": "no", "iw": "he", "mo": "ro"}
_CLASSIFIED = {"Cyrillic": ("ru", "uk", "bg", "sr", "mk"), "Arabic": ("ar", "fa", "ur")}
_OTHER_SCRIPTS = frozenset(
    {"ja", "ko", "zh", "el", "he", "th", "hi", *_CLASSIFIED["Cyrillic"], *_CLASSIFIED["Arabic"]}
)
_SCRIPTS = {
    "Latin": re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]"),
    "zh": re.compile("[\u3400-\u9fff\uf900-\ufaff]"),
    "ja": re.compile("[\u3040-\u30ff]"),
    "ko": re.compile("[\uac00-\ud7a3\u1100-\u11ff\u3130-\u318f]"),
    "Cyrillic": re.compile("[\u0400-\u052f]"),
    "Arabic": re.compile("[\u0600-\u06ff\u0750-\u077f]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "hi": re.compile("[\u0900-\u097f]"),
}
CLASSIFIED = frozenset({*DECOYS, "nn", *_CLASSIFIED["Cyrillic"]})
"""What the byte classifier may answer beside the supported languages."""
# A character of these says as much as a few Latin letters; brand names stand in Latin anywhere.
_DENSE = {"zh": 4, "ja": 4, "ko": 3}
_NEIGHBOURS = frozenset({"da", "no"})
_KANA_SHARE = 0.15
_SURE = 0.99

_LETTER = re.compile("[A-Za-z]")
_NOISE = re.compile(r"\S*(?:@|://|www\.)\S*|[#@][A-Za-z0-9_]+")
# Noise holds one of these; most messages hold none.
_NOISE_MARKS = ("@", "#", "://", "www.")
_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SPEAKERS = {
    word: tuple(code for code, words in WORDS.items() if word in words)
    for word in frozenset().union(*WORDS.values())
}
"""The languages that have a word in their list."""

# In natural logarithms of odds, set on messages cut to one to six words and half of the decoys.
_SHARPNESS = 1.6
_SUPPORTED_PRIOR = 2.5
_WORD_EVIDENCE = 2.0
_FEW_WORDS = 8
_HINT_EVIDENCE = 3.0
_LOCALE_EVIDENCE = 1.5
# The locale settles a tie that letters alone would call with confidence.
_TIE_EVIDENCE = 6.0
_UNSURE = 0.5
_LEAST = 1e-12
_OTHER_SCRIPT_ODDS = -6.0


class LanguageIdentifier:
    """Tells the language of a text, or that it is none of the supported ones.

    Args:
        supported: ISO 639-1 codes that the bundle was trained on.
    """

    def __init__(self, supported: Sequence[str]) -> None:
        self._supported = frozenset(_base(code) for code in supported)
        self._classifier = _classifier({*self._supported, *CLASSIFIED})
        codes = {name: _base(name) for name in self._classifier.nb_classes}
        self._codes = {
            script: {
                name: code
                for name, code in codes.items()
                if (code in allowed if allowed else code not in _OTHER_SCRIPTS)
            }
            for script, allowed in {"Latin": (), **_CLASSIFIED}.items()
        }

    def identify(self, text: str, hint: str | None = None, locale: str | None = None) -> Language:
        """Return the language of a cleaned text with its probability.

        ``hint`` is the language that the desk declared, ``locale`` the desk's own; either may be a
        full tag such as ``da-DK``. The code is ``und`` where no language reaches one half;
        ``supported`` then says whether the supported ones together do, and holds for a text
        without letters too, since nothing speaks against them.
        """
        words = _without_noise(text[:MAX_READ])
        declared, local = _base(hint) if hint else "", _base(locale) if locale else ""
        odds = self._odds(words)
        if not odds and {declared, local} & self._supported:
            odds = dict.fromkeys(self._supported, 0.0)
        tied = local in _NEIGHBOURS and _is_tie(odds, words)
        for code, weight in (
            (declared, _HINT_EVIDENCE),
            (local, _TIE_EVIDENCE if tied else _LOCALE_EVIDENCE),
        ):
            if code in odds:
                odds[code] += weight
        return self._answer(_probabilities(odds))

    def _answer(self, chances: Mapping[str, float]) -> Language:
        if not chances:
            return Language(UNKNOWN, 0.0, supported=True)
        best = max(chances.values())
        if best < _UNSURE:
            ours = sum(chance for code, chance in chances.items() if code in self._supported)
            return Language(UNKNOWN, best, ours >= _UNSURE)
        code = max(code for code, chance in chances.items() if chance == best)
        return Language(code, best, code in self._supported)

    def _odds(self, text: str) -> dict[str, float]:
        """Return the logarithm of each candidate's odds; none for a text without letters."""
        script = _script(text)
        if script is None:
            return {}
        if script not in {"Latin", *_CLASSIFIED}:
            return {
                script: math.log(_SURE),
                **dict.fromkeys(self._supported - {script}, _OTHER_SCRIPT_ODDS),
            }
        codes = self._codes[script]
        odds: dict[str, float] = {}
        for name, chance in self._classifier.rank(text):
            code = codes.get(name)
            # The likeliest comes first: of two names of one language, it counts.
            if code is not None and code not in odds:
                odds[code] = _SHARPNESS * math.log(max(chance, _LEAST))
        for code in self._supported:
            if code in odds:
                odds[code] += _SUPPORTED_PRIOR
        return _with_words(odds, text)


def _classifier(wanted: Collection[str]) -> Classifier:
    """Load the classifier for these languages alone; those of the others are let go."""
    return ByteModel.of(wanted) or _packaged(wanted)


def _packaged(wanted: Collection[str]) -> Classifier:
    """Take the package's own model, for a bundle in a language that is not shipped."""
    from py3langid.langid import MODEL_FILE
    from py3langid.langid import LanguageIdentifier as Packaged

    whole = Packaged.from_model_file(MODEL_FILE, norm_probs=True)
    whole.set_languages(sorted(set(wanted) & set(whole.nb_classes)))
    found: Classifier = Packaged(
        # A text takes a hundred rows of the table, which lies in columns otherwise.
        np.ascontiguousarray(whole.nb_ptc),
        whole.nb_pc,
        whole.nb_classes,
        whole.tk_nextmove,
        whole.tk_output,
        norm_probs=True,
        tk_row=whole.tk_row,
    )
    return found


def _with_words(odds: dict[str, float], text: str) -> dict[str, float]:
    tokens = _TOKEN.findall(text.casefold())
    weight = _WORD_EVIDENCE * min(1.0, _FEW_WORDS / max(1, len(tokens)))
    spoken = [code for token in tokens for code in _SPEAKERS.get(token, ())]
    for code in WORDS:
        if code in odds:
            odds[code] += weight * spoken.count(code)
    return odds


def _is_tie(odds: Mapping[str, float], text: str) -> bool:
    """Tell whether a text may be Danish and Norwegian alike: no word of it is of one alone."""
    if not odds or max(odds, key=lambda code: odds[code]) not in _NEIGHBOURS:
        return False
    return DANISH_ONLY.isdisjoint(tokens := _TOKEN.findall(text.casefold())) and (
        NORWEGIAN_ONLY.isdisjoint(tokens)
    )


def _probabilities(odds: Mapping[str, float]) -> dict[str, float]:
    if not odds:
        return {}
    top = max(odds.values())
    weights = {code: math.exp(value - top) for code, value in odds.items()}
    total = sum(weights.values())
    return {code: weight / total for code, weight in weights.items()}


def _script(text: str) -> str | None:
    if text.isascii():
        return "Latin" if _LETTER.search(text) else None
    counts: Counter[str] = Counter()
    for char, count in Counter(text).items():
        name = _script_of(char)
        if name is not None:
            counts[name] += count * _DENSE.get(name, 1)
    # Chinese brands use a kana or two; Japanese sentences are full of them.
    if counts["ja"] >= _KANA_SHARE * (counts["ja"] + counts["zh"]):
        counts["ja"] += counts["zh"]
    best = max(_SCRIPTS, key=lambda name: counts[name])
    return best if counts[best] else None


@lru_cache(maxsize=8_192)
def _script_of(char: str) -> str | None:
    return next((name for name, pattern in _SCRIPTS.items() if pattern.match(char)), None)


def _without_noise(text: str) -> str:
    return _NOISE.sub(" ", text) if any(map(text.__contains__, _NOISE_MARKS)) else text


def _base(tag: str) -> str:
    code = tag.replace("_", "-").partition("-")[0].strip().casefold()
    return _ALIASES.get(code, code)
