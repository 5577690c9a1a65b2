"""Tickets of Zammad with their articles, as its API and its webhooks write them.

A record is a ticket with a list ``articles``, or ``{"ticket": ..., "article": ...}``, or the same
with ``articles``. An object that has a name, such as ``priority``, stands under its own name too.
"""

from collections.abc import Iterator

from training.ingest.desks import FIRST, FIRST_TYPE, unwrapped
from training.ingest.records import Record, checked, flatten, read_records
from training.ingest.source import Source
from triage.cells import cell
from triage.rows import Row

CUSTOMER, CUSTOMER_ID = "Customer", 2
"""Name of the sender of a customer's article, and its id in every installation."""
DEFAULTS = {
    "text": FIRST,
    "content_type": FIRST_TYPE,
    "subject": "title",
    "time": "created_at",
    "group": "requester",
}


def is_ticket(record: Record) -> bool:
    """Tell whether a record looks like a ticket of Zammad."""
    ticket = unwrapped(record, "ticket")
    marks = ("create_article_type", "create_article_type_id", "article_count", "articles")
    return "title" in ticket and ("article" in record or any(mark in ticket for mark in marks))


def read(source: Source) -> Iterator[Row]:
    """Yield each ticket with the customer's first public article as ``first_message``."""
    for number, record in enumerate(read_records(source), start=1):
        ticket = dict(unwrapped(record, "ticket"))
        inside = ticket.pop("articles", None)
        outside = record.get("articles") or [record.get("article")]
        articles = inside if isinstance(inside, list) else outside
        text, kind = _first(articles if isinstance(articles, list) else [])
        row = flatten(ticket)
        for name, value in ticket.items():
            if isinstance(value, dict) and "name" in value:
                row[name] = cell(value["name"])
        row["requester"] = _requester(ticket)
        yield checked(source, number, {**row, FIRST: text, FIRST_TYPE: kind})


def _requester(ticket: Record) -> str:
    customer = ticket.get("customer")
    if isinstance(customer, dict):
        customer = customer.get("id")
    return cell(ticket.get("customer_id") or customer)


def _first(articles: list[object]) -> tuple[str, str]:
    """Find the customer's first public article; internal and agents' ones are none."""
    for one in articles:
        if not isinstance(one, dict) or one.get("internal"):
            continue
        sender = one.get("sender")
        name = sender.get("name") if isinstance(sender, dict) else sender
        if name == CUSTOMER or (name is None and one.get("sender_id") == CUSTOMER_ID):
            return cell(one.get("body")), cell(one.get("content_type")) or "text/plain"
    return "", "text/plain"
