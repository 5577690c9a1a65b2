"""Tickets of Zendesk: the JSON export, one object a line or in a list, and CSV.

Fields as in Zendesk's ticket and ticket-comment API. A custom field of id 42 is the column
``custom_fields.42``. The JSON export carries no comments unless somebody merged them in as
``comments``; the CSV export carries no text at all besides the subject, unless a column
``Description`` was added.
"""

from collections.abc import Iterator
from typing import Any

from training.ingest.desks import FIRST, FIRST_TYPE, read_desk_table, unwrapped
from training.ingest.records import Record, checked, flatten, read_records
from training.ingest.source import Source
from triage.cells import cell
from triage.rows import Row

DEFAULTS = {"text": FIRST, "subject": "subject", "time": "created_at", "group": "requester_id"}
CSV_DEFAULTS = {
    "text": FIRST,
    "subject": "Subject",
    "time": "Created at",
    "group": "Requester id",
    "ids": "Id",
}


def is_ticket(record: Record) -> bool:
    """Tell whether a record looks like a ticket of Zendesk."""
    ticket = unwrapped(record, "ticket")
    return "raw_subject" in ticket or ("via" in ticket and "requester_id" in ticket)


def is_header(names: frozenset[str]) -> bool:
    """Tell whether the columns of a table are those of Zendesk."""
    return {"id", "subject", "requester id"} <= names or {"id", "subject", "ticket type"} <= names


def read(source: Source) -> Iterator[Row]:
    """Yield each ticket with the customer's first message as ``first_message``."""
    for number, record in enumerate(read_records(source), start=1):
        ticket = dict(unwrapped(record, "ticket"))
        comments = ticket.pop("comments", None)
        ticket.pop("fields", None)
        ticket["custom_fields"] = _custom(ticket.get("custom_fields"))
        row = flatten(ticket)
        row[FIRST] = _first(ticket, comments)
        row[FIRST_TYPE] = "text/plain"
        yield checked(source, number, row)


def read_csv(source: Source) -> Iterator[Row]:
    """Yield each row of a CSV export."""
    return read_desk_table(source, text="Description", subject="Subject", time="Created at")


def _custom(fields: object) -> dict[str, Any]:
    """Name each custom field by its id."""
    listed = fields if isinstance(fields, list) else []
    return {cell(one.get("id")): one.get("value") for one in listed if isinstance(one, dict)}


def _first(ticket: Record, comments: object) -> str:
    """Find the requester's first public message; what an agent wrote is none."""
    requester = ticket.get("requester_id")
    if isinstance(comments, list):
        for one in comments:
            public = isinstance(one, dict) and one.get("public") is not False
            if public and one.get("author_id") == requester:
                return cell(one.get("plain_body") or one.get("body"))
        return ""
    # The description is the first comment, whoever wrote it.
    submitter = cell(ticket.get("submitter_id"))
    by_agent = submitter and submitter != cell(requester)
    return "" if by_agent else cell(ticket.get("description"))
