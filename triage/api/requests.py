"""What requests must look like: unknown fields and wrong types are refused, never converted."""

import re
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, SkipValidation

from triage.domain import Channel, ContentType, Context, Message, Options, Waiting
from triage.live import Question

MAX_BATCH = 32
MAX_SUGGESTIONS = 10
MAX_WAITING = 30 * 24 * 60
"""Longest waiting time, in minutes."""
MAX_SHORT = 200
"""Longest id, name or tag, in characters."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_LANGUAGE = r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,3}$"

Short = Annotated[str, Field(max_length=MAX_SHORT)]
LanguageTag = Annotated[str, Field(pattern=_LANGUAGE)]


class Strict(BaseModel):
    """Base of all that is read from a request."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    checked_apart: ClassVar[str] = ""
    """Field whose list holds items that are refused one by one."""


class CustomerIn(Strict):
    """The requester, as the desk knows them."""

    id: Annotated[Short | None, Field(description="The desk's id of the requester.")] = None
    name: Annotated[Short | None, Field(description="For the greeting of the draft.")] = None


def _moment(value: object) -> object:
    """Keep numbers from being taken for seconds since 1970."""
    return value if isinstance(value, str) and _MOMENT.match(value) else None


class WaitingIn(Strict):
    """How long an answer takes now, as the desk has just measured it."""

    minutes: Annotated[int, Field(ge=0, le=MAX_WAITING, description="Minutes until an answer.")]
    measured_at: Annotated[
        AwareDatetime,
        BeforeValidator(_moment),
        Field(strict=False, description="When it was measured, with the desk's time zone."),
    ]


class ContextIn(Strict):
    """Where the message came from."""

    brand: Annotated[Short | None, Field(description="Only articles of it and of none.")] = None
    product: Annotated[Short | None, Field(description="Product in question.")] = None
    audience: Annotated[Short | None, Field(description="Only articles for it and for all.")] = None
    locale: Annotated[
        LanguageTag | None, Field(description="The desk's locale, to tell close languages apart.")
    ] = None
    waiting: Annotated[
        WaitingIn | None, Field(description="For a line of the draft, while it is fresh.")
    ] = None

    def known(self) -> Context:
        """Return the context as the service knows it."""
        given = self.waiting
        waiting = Waiting(given.minutes, given.measured_at) if given else None
        return Context(self.brand, self.product, self.audience, self.locale, waiting)


_NOBODY, _ANYWHERE = CustomerIn(), Context()


class ClassifyRequest(Strict):
    """One message to label."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "ticket-4711",
                    "text": "My parcel should have come on Monday. Where is it?",
                    "channel": "email",
                    "customer": {"name": "Anna Berg"},
                    "suggestions": 1,
                }
            ]
        }
    )

    text: Annotated[str, Field(description="At most 20,000 characters, or 256,000 bytes of HTML.")]
    id: Annotated[Short | None, Field(description="Comes back in the answer.")] = None
    subject: Annotated[
        str | None, Field(description="Subject of an e-mail, at most 1,000 characters.")
    ] = None
    content_type: Annotated[ContentType, Field(description="What `text` holds.")] = "text/plain"
    channel: Annotated[Channel | None, Field(description="How the message came in.")] = None
    language: Annotated[
        LanguageTag | None, Field(description="Language that the desk believes it is in.")
    ] = None
    customer: CustomerIn | None = None
    context: ContextIn | None = None
    suggestions: Annotated[
        int, Field(ge=0, le=MAX_SUGGESTIONS, description="Most articles to suggest.")
    ] = 3
    explain: Annotated[bool, Field(description="Fill `evidence`; takes longer.")] = False
    tasks: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=64)]] | None,
        Field(min_length=1, max_length=64, description="Only these tasks; all if left out."),
    ] = None

    def message(self) -> Message:
        """Return the message as the service knows it."""
        customer = self.customer or _NOBODY
        return Message(
            text=self.text,
            id=self.id or "",
            subject=self.subject or "",
            content_type=self.content_type,
            channel=self.channel,
            language=primary(self.language),
            customer_id=customer.id,
            customer_name=customer.name,
            context=self.context.known() if self.context else _ANYWHERE,
        )

    def options(self) -> Options:
        """Return what the answer should hold."""
        tasks = None if self.tasks is None else tuple(dict.fromkeys(self.tasks))
        return Options(self.suggestions, self.explain, tasks)


class BatchRequest(Strict):
    """Several messages at once; each is checked on its own, so one bad message fails alone."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "messages": [
                        {"id": "a", "text": "How do I reset my password?"},
                        {"id": "b", "text": "Hvor er min pakke?"},
                    ]
                }
            ]
        }
    )

    checked_apart: ClassVar[str] = "messages"

    messages: Annotated[
        list[SkipValidation[ClassifyRequest]],
        Field(
            description=f"At most {MAX_BATCH}, each as for /v1/classify.",
            json_schema_extra={"maxItems": MAX_BATCH},
        ),
    ]


class FiltersIn(Strict):
    """Which articles may be suggested."""

    brand: Annotated[Short | None, Field(description="Articles of this brand and of none.")] = None
    audience: Annotated[Short | None, Field(description="Articles for it and for all.")] = None
    tags: Annotated[
        list[Short], Field(max_length=50, description="Articles with one of these tags.")
    ] = []


class SuggestionsRequest(Strict):
    """A question to the knowledge base."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"question": "how do I get my money back", "top": 1}]}
    )

    question: Annotated[str, Field(description="At most 20,000 characters.")]
    top: Annotated[int, Field(ge=1, le=MAX_SUGGESTIONS, description="Most articles.")] = 3
    min_confidence: Annotated[
        float | None, Field(ge=0, le=1, description="Lowest confidence; learned if left out.")
    ] = None
    language: Annotated[LanguageTag | None, Field(description="Identified if left out.")] = None
    filters: FiltersIn | None = None

    def asked(self) -> Question:
        """Return the question as the service knows it."""
        filters = self.filters or FiltersIn()
        return Question(
            self.question,
            self.top,
            self.min_confidence,
            primary(self.language),
            filters.brand,
            filters.audience,
            tuple(filters.tags),
        )


def primary(tag: str | None) -> str | None:
    """Reduce a tag such as ``da-DK`` to its language."""
    return tag.replace("_", "-").partition("-")[0].lower() if tag else None
