"""One error shape on every path: RFC 9457 problems with our stable codes.

Statuses by error class stand in ``STATUSES`` and nowhere else. A problem names the field and the
fix; it never quotes what the request held.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import Response

from triage import errors
from triage.api.correlation import urn
from triage.api.examples import mark_nulls
from triage.api.validation import FieldFault, faults

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_S = 1
SERVER_FAULT = 500

STATUSES: Mapping[type[errors.TriageError], tuple[int, str]] = {
    errors.TriageError: (500, "The service failed"),
    errors.InputError: (422, "The request is malformed"),
    errors.TooLargeError: (413, "The request is too large"),
    errors.UnknownTaskError: (422, "The task is unknown"),
    errors.UnknownLabelError: (422, "The label is unknown"),
    errors.KeyReusedError: (422, "The key was used before"),
    errors.ExportError: (422, "The table cannot be used"),
    errors.ConfigError: (500, "The service is configured wrongly"),
    errors.BundleError: (500, "The bundle cannot be used"),
    errors.BundleNotFoundError: (404, "There is no such bundle"),
    errors.CorruptBundleError: (500, "The bundle is corrupt"),
    errors.AliasMovedError: (409, "Somebody else was faster"),
    errors.EncoderError: (500, "The encoder cannot be used"),
    errors.ArticleError: (422, "The article cannot be used"),
    errors.ArticleNotFoundError: (404, "There is no such article"),
    errors.ChangeNotFoundError: (404, "There is no such change"),
    errors.RemovalError: (409, "Too many articles would be removed"),
    errors.DecisionNotFoundError: (404, "There is no such decision"),
    errors.RequestInFlightError: (409, "The request is being worked on"),
    errors.StoreError: (503, "The store is not available"),
    errors.StoreFullError: (507, "The store is full"),
    errors.OverloadedError: (503, "The service is overloaded"),
    errors.UnauthorizedError: (401, "A valid key is needed"),
    errors.ForbiddenError: (403, "The key may not do this"),
    errors.MissingScopeError: (403, "The key lacks the scope"),
    errors.BrandMismatchError: (403, "The key belongs to another brand"),
    errors.RateLimitedError: (429, "The key asks too often"),
    errors.WorkerError: (500, "A part of the service is gone"),
    errors.GateError: (409, "The gate refused"),
}
"""Status and title of every error class."""


@dataclass(frozen=True, slots=True)
class HttpProblem:
    """What HTTP itself refuses, before any of our code is asked."""

    code: str
    title: str
    detail: str


HTTP_PROBLEMS: Mapping[int, HttpProblem] = {
    400: HttpProblem("bad_request", "The request is broken", "The request cannot be read."),
    404: HttpProblem(
        "not_found", "There is nothing here", "No route has this path. See /docs for all routes."
    ),
    405: HttpProblem(
        "method_not_allowed",
        "The method is not allowed",
        "This route takes another method; the header Allow names it.",
    ),
    408: HttpProblem(
        "request_timeout",
        "The request came too slowly",
        "Its headers must arrive within 10 seconds, and its body within 15 seconds of them.",
    ),
    415: HttpProblem(
        "unsupported_media_type",
        "The body is of another type",
        "Send the body as application/json in UTF-8, without a Content-Encoding.",
    ),
    500: HttpProblem(
        "internal_error",
        "The service failed",
        "This is our fault. The log holds the reason under the id given as instance.",
    ),
}
"""Everything that is no TriageError, by status."""


class ProblemField(BaseModel):
    """One field at fault."""

    model_config = ConfigDict(frozen=True)

    field: str
    message: str
    fix: str


class Problem(BaseModel):
    """An error as RFC 9457 describes it, with a stable ``code``."""

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str | None
    errors: list[ProblemField]


def add_handlers(app: FastAPI) -> None:
    """Give every error of the app its one shape."""
    app.add_exception_handler(errors.TriageError, _on_triage_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)


def status_of(error: errors.TriageError) -> int:
    """Return the HTTP status of an error."""
    return STATUSES[type(error)][0]


def problem_of(error: errors.TriageError, instance: str | None = None) -> Problem:
    """Describe an error; what went wrong inside the service stays in its log."""
    status, title = STATUSES[type(error)]
    detail = title + "." if status == SERVER_FAULT else str(error)
    named = [ProblemField(field=error.field, message=error.problem, fix=error.fix)]
    shown = named if error.field and status < SERVER_FAULT else []
    return _problem(error.code, status, title, detail, instance, shown)


def problem_of_faults(found: Sequence[FieldFault], instance: str | None = None) -> Problem:
    """Describe a body whose fields do not have the form asked for."""
    status, title = STATUSES[errors.InputError]
    first = found[0]
    more = f" And {len(found) - 1} more." if len(found) > 1 else ""
    detail = f"{first.field}: {first.message} {first.fix}{more}"
    shown = [ProblemField(field=one.field, message=one.message, fix=one.fix) for one in found]
    return _problem(errors.InputError.code, status, title, detail, instance, shown)


def http_problem(status: int, instance: str | None = None) -> Problem:
    """Describe what HTTP refuses."""
    known = HTTP_PROBLEMS.get(status)
    if known is None:
        phrase = HTTPStatus(status).phrase
        known = HttpProblem(phrase.lower().replace(" ", "_"), phrase, f"{phrase}.")
    return _problem(known.code, status, known.title, known.detail, instance, [])


def respond(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Turn a problem into a response; 503 asks to come back later."""
    extra = dict(headers or {})
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        extra["Retry-After"] = str(RETRY_AFTER_S)
    return Response(
        problem.model_dump_json(), problem.status, headers=extra, media_type=PROBLEM_JSON
    )


async def refused(request: Request, error: errors.TriageError | HTTPException) -> Response:
    """Answer an error as the app does that has the handlers."""
    on = _on_triage_error if isinstance(error, errors.TriageError) else _on_http_error
    return await on(request, error)


def instance_of(request: Request) -> str | None:
    """Name the request as its log line does."""
    request_id = request.scope.get("state", {}).get("request_id")
    return urn(request_id) if request_id else None


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the problems of a route for its documentation, with an example each."""
    examples = _examples()
    return {status: _described(examples[status]) for status in statuses}


def missing(error: errors.TriageError) -> dict[int | str, dict[str, Any]]:
    """Describe what a route answers where something is not there."""
    problem = problem_of(error)
    return {problem.status: _described(problem)}


def _described(problem: Problem) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    shown = {"schema": schema, "example": mark_nulls(problem.model_dump())}
    return {"description": problem.title, "content": {PROBLEM_JSON: shown}}


def _examples() -> dict[int, Problem]:
    return {
        404: problem_of(
            errors.BundleNotFoundError(
                "No bundle is named '2026-11-21-ab12cd'.", fix="Known are: champion, starter."
            )
        ),
        409: problem_of(
            errors.GateError(
                "1 reason against 2026-11-21-ab12cd: [ece] task priority (twin): ECE 0.131; 0.1 is "
                "allowed.",
                fix="The champion stays.",
            )
        ),
        413: problem_of(
            errors.TooLargeError(
                "text has 20001 characters; 20000 are allowed.",
                fix="Send a shorter text.",
                field="text",
            )
        ),
        415: http_problem(415),
        422: problem_of_faults([FieldFault("text", "is missing.", "Add it.")]),
        500: http_problem(500, "urn:uuid:3f8a1c52-3f0e-4c7b-9a55-0c1d2e3f4a5b"),
        503: problem_of(
            errors.OverloadedError("Too many requests wait already.", fix="Try again later.")
        ),
        507: problem_of(errors.StoreFullError("The store is full.", fix="Free space on its disk.")),
    } | _key_examples()


def _key_examples() -> dict[int, Problem]:
    return {
        401: problem_of(
            errors.UnauthorizedError("No key was shown.", fix="Send Authorization: Bearer trg_...")
        ),
        403: problem_of(
            errors.MissingScopeError(
                "The key does not have the scope models:promote.", fix="Use a key that has it."
            )
        ),
        429: problem_of(
            errors.RateLimitedError(
                "The key may ask 100 times in 2 seconds.", fix="Wait as Retry-After says."
            )
        ),
    }


def _problem(
    code: str,
    status: int,
    title: str,
    detail: str,
    instance: str | None,
    shown: list[ProblemField],
) -> Problem:
    return Problem(
        type=f"/docs#{code}",
        title=title,
        status=status,
        detail=detail,
        code=code,
        instance=instance,
        errors=shown,
    )


async def _on_triage_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, errors.TriageError):
        raise error
    problem = problem_of(error, instance_of(request))
    # Refusals come by hundreds a second; metrics count them by reason.
    if problem.status >= SERVER_FAULT and not isinstance(error, errors.OverloadedError):
        request.app.state.service.telemetry.log.warning(
            "request_failed", code=error.code, request_id=request.state.request_id
        )
    return respond(problem)


async def _on_validation_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    return respond(problem_of_faults(faults(error.errors(), None), instance_of(request)))


async def _on_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return respond(http_problem(error.status_code, instance_of(request)), error.headers)
