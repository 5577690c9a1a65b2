"""Say what is wrong with the fields of a body in words that help, never quoting a value."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

MAX_FAULTS = 20
PLAIN = r"^[^\x00-\x1f\x7f-\x9f]+$"
"""Form of an id: one line without control characters."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")

_TYPES = {
    "string_type": ("must be a string", 'Write it in double quotes: "...".'),
    "bool_type": ("must be true or false", "Write it without quotes."),
    "int_type": ("must be a whole number", "Write it without quotes and without a fraction."),
    "int_from_float": ("must be a whole number", "Write it without a fraction."),
    "float_type": ("must be a number", "Write it without quotes."),
    "list_type": ("must be a list", "Write it in square brackets: [...]."),
    "model_type": ("must be an object", "Write it in braces: {...}."),
    "model_attributes_type": ("must be an object", "Write it in braces: {...}."),
    "dict_type": ("must be an object", "Write it in braces: {...}."),
    "timezone_aware": ("has no time zone", "Write it like 2026-11-22T14:05:00+01:00."),
    "datetime_from_date_parsing": ("is no moment", "Write it like 2026-11-22T14:05:00+01:00."),
    "datetime_parsing": ("is no moment", "Write it like 2026-11-22T14:05:00+01:00."),
    "datetime_type": ("is no moment", "Write it like 2026-11-22T14:05:00+01:00."),
    "missing": ("is missing", "Add it."),
    "int_parsing": ("must be a whole number", "Write it in digits."),
    "bool_parsing": ("must be true or false", "Write true or false."),
}
_BOUNDS = {
    "string_too_long": ("has too many characters", "At most {max_length} are allowed."),
    "string_too_short": ("is too short", "At least {min_length} are needed."),
    "too_long": ("has too many items", "At most {max_length} are allowed."),
    "too_short": ("has too few items", "At least {min_length} are needed."),
    "less_than_equal": ("is too large", "The largest allowed is {le}."),
    "greater_than_equal": ("is too small", "The smallest allowed is {ge}."),
    "literal_error": ("has another value than those allowed", "Choose {expected}."),
    "string_pattern_mismatch": ("is no language tag", "Write it like da or da-DK."),
}


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One field at fault: its path from the top of the body, what is wrong, and what to do."""

    field: str
    message: str
    fix: str


def faults(found: Sequence[Mapping[str, Any]], model: type[BaseModel] | None) -> list[FieldFault]:
    """Describe what a validation found, at most 20 faults.

    Args:
        found: Errors of pydantic, of which type, place and bounds are used, never the input.
        model: The model that was validated, to name its fields where one is unknown.
    """
    return [_fault(error, model) for error in found[:MAX_FAULTS]]


def part_name(part: str | int) -> str:
    """Name a part of a path; a key that looks like text in the wrong place is not repeated."""
    name = str(part)
    return name if _NAME.fullmatch(name) else "?"


def _fault(error: Mapping[str, Any], model: type[BaseModel] | None) -> FieldFault:
    place = tuple(part for part in error["loc"] if part != "body")
    field = ".".join(part_name(part) for part in place) or "body"
    kind = str(error["type"])
    if kind == "extra_forbidden":
        return FieldFault(field, "is not a known field.", _instead(model, place))
    if kind in _TYPES:
        message, fix = _TYPES[kind]
        return FieldFault(field, f"{message}.", fix)
    if kind == "string_pattern_mismatch" and error.get("ctx", {}).get("pattern") == PLAIN:
        return FieldFault(field, "holds a control character.", "Write it on one plain line.")
    if kind in _BOUNDS:
        message, fix = _BOUNDS[kind]
        return FieldFault(field, f"{message}.", fix.format(**error.get("ctx", {})))
    return FieldFault(field, f"is not valid ({kind}).", "See /docs for its form.")


def _instead(model: type[BaseModel] | None, place: tuple[str | int, ...]) -> str:
    known = _fields(model, place[:-1])
    if not known:
        return "Leave it out; /docs lists the fields."
    near = get_close_matches(part_name(place[-1]), known, n=1)
    return f"Did you mean {near[0]}?" if near else f"Leave it out; known are {', '.join(known)}."


def _fields(model: type[BaseModel] | None, place: tuple[str | int, ...]) -> list[str]:
    """Name the fields of the model that stands at a place."""
    for part in place:
        if model is None or part not in model.model_fields:
            return []
        model = _model_in(model.model_fields[str(part)].annotation)
    return list(model.model_fields) if model else []


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - annotations have no type
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(part) for part in get_args(annotation))
    return next((model for model in inner if model), None)
