"""Tickets of Freshdesk: JSON of the API or of an account export, and CSV.

The API gives ``description`` (HTML) and ``description_text``; the account export wraps each ticket
in ``helpdesk_ticket`` and gives ``description`` (plain) and ``description_html``. The numbers of
priority, status and source get names in ``priority_name``, ``status_name`` and ``source_name``.
"""

from collections.abc import Iterator

from training.ingest.desks import FIRST, FIRST_TYPE, read_desk_table, unwrapped
from training.ingest.records import Record, checked, flatten, read_records
from training.ingest.source import Source
from triage.cells import cell
from triage.rows import Row

OUTBOUND = 10
"""Source of a ticket that an agent wrote first."""
NAMES = {
    "priority": {1: "low", 2: "medium", 3: "high", 4: "urgent"},
    "status": {2: "open", 3: "pending", 4: "resolved", 5: "closed"},
    "source": {
        1: "email",
        2: "portal",
        3: "phone",
        7: "chat",
        9: "feedback_widget",
        10: "outbound_email",
    },
}
DEFAULTS = {
    "text": FIRST,
    "content_type": FIRST_TYPE,
    "subject": "subject",
    "time": "created_at",
    "group": "requester_id",
}
CSV_DEFAULTS = {
    "text": FIRST,
    "subject": "Subject",
    "time": "Created time",
    "group": "Contact ID",
    "ids": "Ticket ID",
}


def is_ticket(record: Record) -> bool:
    """Tell whether a record looks like a ticket of Freshdesk."""
    ticket = unwrapped(record, "helpdesk_ticket")
    return ticket is not record or {"description_text", "responder_id"} <= ticket.keys()


def is_header(names: frozenset[str]) -> bool:
    """Tell whether the columns of a table are those of Freshdesk."""
    return {"ticket id", "subject", "created time"} <= names


def read(source: Source) -> Iterator[Row]:
    """Yield each ticket with the customer's first message as ``first_message``."""
    for number, record in enumerate(read_records(source), start=1):
        ticket = dict(unwrapped(record, "helpdesk_ticket"))
        replies = [ticket.pop(key, None) for key in ("conversations", "notes")]
        ticket.setdefault("id", ticket.get("display_id"))
        text, kind = _first(ticket, replies)
        row = flatten({k: v for k, v in ticket.items() if k != "description_html"})
        for field, names in NAMES.items():
            value = ticket.get(field)
            row.setdefault(f"{field}_name", names.get(value, "") if isinstance(value, int) else "")
        yield checked(source, number, {**row, FIRST: text, FIRST_TYPE: kind})


def read_csv(source: Source) -> Iterator[Row]:
    """Yield each row of a CSV export."""
    return read_desk_table(source, text="Description", subject="Subject", time="Created time")


def _first(ticket: Record, replies: list[object]) -> tuple[str, str]:
    """Find the requester's first message and its type; what an agent wrote is none."""
    if ticket.get("source") != OUTBOUND:
        html = "description_text" not in ticket and "description_html" not in ticket
        text = ticket.get("description_text") or ticket.get("description")
        fallen = "description_text" in ticket and not ticket["description_text"]
        return cell(text), "text/html" if html or fallen else "text/plain"
    for listed in replies:
        for wrapped in listed if isinstance(listed, list) else []:
            one = unwrapped(unwrapped(wrapped, "helpdesk_note"), "note")
            if one.get("incoming") and not one.get("private"):
                kind = "text/plain" if one.get("body_text") else "text/html"
                return cell(one.get("body_text") or one.get("body")), kind
    return "", "text/plain"
