"""Any message can be tried, and leaves no trace unless that was chosen."""

import pytest

from tests.api.asking import PARCEL, QUESTION
from tests.api.conftest import Serve
from tests.api.console.visitor import Visitor, console_of
from triage.storage.inbox import read_newest

MAIL = f"""{QUESTION}

On Mon, 3 Nov 2026 at 10:00, Support <support@example.com> wrote:
> Dear Anna,
> thank you for writing to us.
"""


def test_a_trial_shows_what_was_read_and_removed(visitor: Visitor) -> None:
    """What cleaning took out is folded, what spoke is marked, and a reply is drafted."""
    visitor.get("/console/try")
    page = visitor.post("/console/try", text=MAIL).text

    assert "Quoted history" in page
    assert "<details" in page
    assert "thank you for writing" in page
    assert '<mark class="e' in page
    assert "Forgot password" in page


def test_a_trial_is_not_recorded(serve: Serve) -> None:
    """Nothing of it stands in the journal or the log of drift."""
    visitor = Visitor(serve())
    visitor.get("/console/try")
    visitor.post("/console/try", text=PARCEL)

    assert read_newest(console_of(visitor.client).service.store.engine, None, 10) == []


def test_a_trial_is_recorded_where_that_is_chosen(visitor: Visitor) -> None:
    """Then it is a message like any other, with its channel, and opens at once."""
    visitor.get("/console/try")
    response = visitor.post("/console/try", text=PARCEL, record="yes", channel="phone")
    page = visitor.get(response.headers["location"]).text

    assert response.status_code == 303
    assert "blue jacket" in page
    assert "Phone" in page


@pytest.mark.parametrize("text", ["", "   \n", "ok", "!!!", "\u202e\u200b", "<b>", "x" * 20_000])
def test_odd_texts_are_answered(visitor: Visitor, text: str) -> None:
    """Nothing, next to nothing and very much are pages, not faults."""
    visitor.get("/console/try")

    assert visitor.post("/console/try", text=text).status_code == (200 if text.strip() else 422)
