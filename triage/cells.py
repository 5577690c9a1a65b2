"""Write one value of any type as the text of a cell."""

import json

SEPARATOR = "|"
"""Stands between several values of one cell."""


def cell(value: object) -> str:
    """Write a value as text; null and an empty list or object are empty."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list) and not any(isinstance(one, list | dict) for one in value):
        return SEPARATOR.join(cell(one) for one in value)
    if isinstance(value, list | dict):
        return _json(value) if value else ""
    return "" if value is None else str(value)


def _json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        # Nothing that a column means lies that deep.
        return ""
