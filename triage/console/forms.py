"""What a form sends: urlencoded fields, counted before they are parsed."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from triage.errors import InputError, TooLargeError

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 100


async def read_form(request: Request, limit: int) -> Mapping[str, str]:
    """Read the fields of a form; of a field that comes twice the last one counts.

    Raises:
        HTTPException: 415, when the body is no urlencoded form.
        TooLargeError: When it has more bytes than ``limit``.
        InputError: When it is not UTF-8, holds a zero byte, or has too many fields.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM or "content-encoding" in request.headers:
        raise HTTPException(415)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLargeError(f"The form has more than {limit} bytes.", fix="Send less text.")
        parts.append(part)
    try:
        pairs = parse_qsl(
            b"".join(parts).decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        raise InputError("The form cannot be read.", fix="Send it from its page.") from None
    if any("\0" in value for pair in pairs for value in pair):
        raise InputError("The form holds a zero byte.", fix="Send text alone.")
    # Browsers send the lines of a text area with CR LF, whatever was typed.
    return {name: value.replace("\r\n", "\n") for name, value in pairs}
