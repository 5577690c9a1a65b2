"""What is refused before any cleaning."""

import pytest

from triage.domain import ContentType, Message
from triage.errors import InputError, TooLargeError
from triage.text.limits import MAX_HTML_BYTES, MAX_SUBJECT, MAX_TEXT, check_limits


@pytest.mark.parametrize(
    ("text", "content_type"),
    [
        ("a" * (MAX_TEXT + 1), "text/plain"),
        ("a" * (MAX_HTML_BYTES + 1), "text/html"),
        ("订" * (MAX_HTML_BYTES // 3 + 1), "text/html"),
        ("<" * 1_000_000, "text/html"),
        ("<" * 1_000_000, "text/plain"),
    ],
)
def test_too_large_text(text: str, content_type: ContentType) -> None:
    """One character or byte past the limit is refused, naming the field and no text."""
    with pytest.raises(TooLargeError) as caught:
        check_limits(Message(text=text, content_type=content_type))

    assert caught.value.field == "text"
    assert caught.value.fix
    assert "aaa" not in str(caught.value)


def test_too_large_subject() -> None:
    """A subject past its limit is refused."""
    with pytest.raises(TooLargeError) as caught:
        check_limits(Message(text="x", subject="s" * (MAX_SUBJECT + 1)))

    assert caught.value.field == "subject"


@pytest.mark.parametrize("bad", ["\ud800", "\x00"])
@pytest.mark.parametrize("field", ["text", "subject"])
def test_no_text(bad: str, field: str) -> None:
    """Lone surrogates and NUL are refused by field, before bytes are counted."""
    parts = {"text": "fine", "subject": "fine", field: f"secret {bad}"}
    with pytest.raises(InputError) as caught:
        check_limits(Message(**parts, content_type="text/html"))  # type: ignore[arg-type]  # both are text

    assert caught.value.field == field
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "content_type"),
    [
        ("a" * MAX_TEXT, "text/plain"),
        ("😀" * MAX_TEXT, "text/plain"),
        ("a" * MAX_HTML_BYTES, "text/html"),
        ("", "text/plain"),
    ],
)
def test_at_the_limit(text: str, content_type: ContentType) -> None:
    """The limit itself is allowed."""
    check_limits(Message(text=text, content_type=content_type, subject="s" * MAX_SUBJECT))
