"""Assemble a reply from canned text and a passage; nothing is invented, doubt blocks it."""

import re
from dataclasses import dataclass
from functools import lru_cache

from triage.domain import Article, Waiting
from triage.suggest.voice.safety import is_unsafe
from triage.suggest.voice.tone import Tone
from triage.suggest.voice.voices import Voice
from triage.suggest.voice.waiting import waiting_line

NAME_LIMIT = 60
"""Longest customer name that is greeted; a longer one is nearly always another field."""
_NO_NAME = re.compile(r"[^\w\s.,'’·-]|[\d_]")
_UNSPACED_ENDS = ("。", "！", "？")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a draft is written to, and what is known of their message.

    Args:
        name: As the desk gave it; left out when it is no plain name.
        tone: Of the opening.
        priority: Label of the priority, where one was given.
        brand: Brand that answers.
        waiting: How long an answer takes now; only what was just measured.
    """

    name: str | None = None
    tone: Tone = "neutral"
    priority: str | None = None
    brand: str | None = None
    waiting: Waiting | None = None


NOBODY = Recipient()
"""Somebody of whom nothing is known."""


def compose(article: Article, answer: str, voice: Voice, recipient: Recipient = NOBODY) -> str:
    """Write a draft in the customer's language, or ``""`` when it may not be sent.

    An article in another language is only pointed at, by one honest sentence. A draft is blocked by
    an internal article, an internal link, a placeholder that nobody filled, or a word that the
    brand bans.

    Args:
        article: Where the answer comes from.
        answer: The passage, its steps kept.
        voice: Canned text in the customer's language.
        recipient: Whom it is for.
    """
    if article.visibility == "internal":
        return ""
    greeting = _greeting(voice, recipient.name)
    if article.language == voice.language:
        body = [_opening(voice, recipient), answer.strip()]
        if article.url:
            body.append(_filled(voice, "link", url=article.url))
    else:
        body = [_pointer(article, voice)]
    waiting = []
    if recipient.waiting and voice.waiting:
        line = waiting_line(voice.waiting, recipient.waiting, voice.language, voice.values)
        waiting.append(line)
    # Part by part, since nothing unsafe reaches across an empty line.
    own, shared = [greeting, *waiting], [*body, voice.sign_off]
    if any(map(is_unsafe, own)) or any(map(_is_unsafe_text, shared)):
        return ""
    reply = "\n\n".join([greeting, *body, *waiting, voice.sign_off])
    return "" if voice.banned and voice.banned.search(reply) else reply


@lru_cache(maxsize=2_048)
def _is_unsafe_text(text: str) -> bool:
    """Remember it of what many customers are sent; never of what is one's own."""
    return is_unsafe(text)


def _greeting(voice: Voice, name: str | None) -> str:
    clean = " ".join((name or "").split())
    if not clean or len(clean) > NAME_LIMIT or _NO_NAME.search(clean):
        return voice.greeting
    return _filled(voice, "greeting_by_name", name=clean)


def _opening(voice: Voice, recipient: Recipient) -> str:
    opening = voice.openings[recipient.tone]
    line = voice.priority.get(recipient.priority or "")
    if not line:
        return opening
    return f"{opening}{'' if opening.endswith(_UNSPACED_ENDS) else ' '}{line}"


def _pointer(article: Article, voice: Voice) -> str:
    key = "other_language_link" if article.url else "other_language"
    language = voice.languages.get(article.language) or voice.languages.get("other", "")
    return _filled(voice, key, title=article.title, url=article.url or "", language=language)


def _filled(voice: Voice, key: str, **values: str) -> str:
    return voice.templates[key].fill({**voice.values, **values} if voice.values else values)
