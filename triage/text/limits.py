"""What is refused before any cleaning: too much text, and code points that are no text."""

import re

from triage.domain import Message
from triage.errors import InputError, TooLargeError

MAX_TEXT = 20_000
MAX_SUBJECT = 1_000
MAX_HTML_BYTES = 256_000

_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


def check_limits(message: Message) -> None:
    """Refuse a message that is too large or holds what is no text.

    Plain text may have 20,000 code points, HTML 256,000 bytes of UTF-8, a subject 1,000 code
    points.

    Raises:
        TooLargeError: A limit was passed; ``field`` names the part.
        InputError: A lone surrogate or a NUL stands in the part that ``field`` names.
    """
    _check_length("subject", message.subject, MAX_SUBJECT)
    if message.content_type == "text/html":
        _check_length("text", message.text, MAX_HTML_BYTES)
    else:
        _check_length("text", message.text, MAX_TEXT)
    _check_characters("subject", message.subject)
    _check_characters("text", message.text)
    if message.content_type == "text/html":
        _check_bytes(message.text)


def _check_length(field: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise TooLargeError(
            f"{field} has {len(text)} characters; {limit} are allowed.",
            fix="Send a shorter text.",
            field=field,
        )


def _check_bytes(html: str) -> None:
    size = len(html.encode())
    if size > MAX_HTML_BYTES:
        raise TooLargeError(
            f"text has {size} bytes of HTML; {MAX_HTML_BYTES} are allowed.",
            fix="Send the plain text part, or the HTML without its embedded images.",
            field="text",
        )


def _check_characters(field: str, text: str) -> None:
    if not text.isascii() or "\x00" in text:
        found = _NO_TEXT.search(text)
        if found is not None:
            raise InputError(
                f"{field} holds a NUL or a lone surrogate at position {found.start()}.",
                fix="Send valid Unicode text.",
                field=field,
            )
