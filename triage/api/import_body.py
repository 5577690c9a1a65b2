"""Read an import: a JSON list, or a table in one of the formats of the importer."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from triage.api.article_schemas import ImportRequest
from triage.api.errors import instance_of, problem_of_faults, respond
from triage.api.json_body import (
    Handler,
    JsonRoute,
    ParsedRequest,
    check_type,
    parse_body,
    read_body,
)
from triage.api.json_text import UnreadableItem
from triage.api.validation import faults
from triage.knowledge.checks import FIELDS, FieldError, make_article
from triage.knowledge.faults import Fault, Placed
from triage.knowledge.finder import LANGUAGES
from triage.knowledge.sources import Asked, gather
from triage.text.language import UNKNOWN, LanguageIdentifier

TABLES = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
    "text/html": ".html",
}
"""Endings by media type."""
_KNOWN = {*FIELDS, "body"}
_KNOWN_FIX = f"Known are {', '.join(sorted(_KNOWN))}."


class ImportRoute(JsonRoute):
    """A route whose body may be larger, and a table."""

    def get_route_handler(self) -> Handler:
        """Put the reading of tables beside that of JSON."""
        usual = super(JsonRoute, self).get_route_handler()

        async def handler(request: Request) -> Response:
            table = ending_of(request.headers.get("content-type", ""))
            if not table:
                check_type(request)
            elif request.headers.get("content-encoding", "identity").strip().lower() != "identity":
                raise HTTPException(415)
            raw = await read_body(request, request.app.state.service.settings.max_import_bytes)
            parsed = {"articles": []} if table else await parse_body(raw, "articles")
            if isinstance(parsed, list):
                parsed = {"articles": parsed}
            try:
                return await usual(ParsedRequest(_as_json(request, table), raw, parsed))
            except RequestValidationError as error:
                found = faults(error.errors(), ImportRequest)
            return respond(problem_of_faults(found, instance_of(request)))

        return handler


def read_import(
    items: Sequence[object], table: tuple[str, bytes], language: str
) -> tuple[list[Placed], list[Fault]]:
    """Check every article of a body on its own.

    Args:
        items: Of a JSON body.
        table: Ending of its format, empty for JSON, and bytes of the body.
        language: Of articles that name none; where it is empty, that of their text is told.
    """
    ending = table[0]
    identifier = LanguageIdentifier(LANGUAGES)

    def detect(text: str) -> str:
        code = identifier.identify(text).code
        return "" if code == UNKNOWN else code

    if ending:
        with TemporaryDirectory(prefix="triage-import-") as folder:
            # The name of a page is a part of the ids of its questions.
            path = Path(folder) / f"{'faq' if ending == '.html' else 'body'}{ending}"
            path.write_bytes(table[1])
            found = gather(path, Asked(language=language, detect=detect))
            return found.placed, found.faults
    placed: list[Placed] = []
    refused: list[Fault] = []
    for number, item in enumerate(items):
        where = f"articles.{number}"
        try:
            fields = _fields(item)
            body = str(fields.pop("body", "") or "")
            spoken = language or ("" if fields.get("language") else detect(body))
            placed.append((where, make_article(fields, body, spoken)))
        except FieldError as error:
            refused.append(Fault(where, error.problem, error.fix, error.field))
    return placed, refused


def _fields(item: object) -> dict[str, object]:
    if isinstance(item, UnreadableItem):
        raise FieldError(item.error.field, item.error.problem, item.error.fix)
    if not isinstance(item, Mapping):
        raise FieldError("article", "the article is no object.", "Write it in braces: {...}.")
    if not isinstance(item.get("body"), str):
        raise FieldError("body", "the body is no text.", "Write the article's text.")
    unknown = [name for name in item if name not in _KNOWN]
    if unknown:
        raise FieldError(
            "article",
            "the article has an unknown field.",
            _KNOWN_FIX,
        )
    return dict(item)


def ending_of(content_type: str) -> str:
    """Return the ending of a table's format by its media type; empty for what is no table."""
    return TABLES.get(content_type.partition(";")[0].strip().lower(), "")


def _as_json(request: Request, table: str) -> Request:
    """Let the framework take what was parsed of a table, and keep which format it was."""
    request.state.table = table
    if not table:
        return request
    headers = [pair for pair in request.scope["headers"] if pair[0] != b"content-type"]
    headers.append((b"content-type", b"application/json"))
    return Request({**request.scope, "headers": headers}, request.receive)
