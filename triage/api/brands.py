"""Keep a key of one brand to that brand, whatever its request says."""

from dataclasses import replace

from triage.domain import Caller, Message
from triage.errors import BrandMismatchError
from triage.live import Question


def held_to(caller: Caller, message: Message) -> Message:
    """Return a message as one of the caller's brand, so that only its articles are suggested.

    Raises:
        BrandMismatchError: When it names another brand.
    """
    brand = brand_for(caller, message.context.brand, "context.brand")
    if brand == message.context.brand:
        return message
    return replace(message, context=replace(message.context, brand=brand))


def asked_by(caller: Caller, question: Question) -> Question:
    """Return a question as one about the caller's brand.

    Raises:
        BrandMismatchError: When it names another brand.
    """
    return replace(question, brand=brand_for(caller, question.brand, "filters.brand"))


def brand_for(caller: Caller, given: str | None, field: str) -> str | None:
    """Return the brand that a request is about; a key of one brand is about none but that.

    Raises:
        BrandMismatchError: When another brand is given.
    """
    if caller.brand is None or given == caller.brand:
        return given
    if given is None:
        return caller.brand
    raise BrandMismatchError(
        f"{field} is not the brand of the key.",
        fix="Leave it out, or use a key of that brand.",
        field=field,
    )
