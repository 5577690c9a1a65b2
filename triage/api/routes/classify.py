"""Routes that label messages."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Header, Request, Response
from pydantic import ValidationError

from triage.api.answers import answer_json
from triage.api.brands import held_to
from triage.api.correlation import header_of
from triage.api.deps import (
    CallerDep,
    ServiceDep,
    TurnsDep,
    get_caller,
    get_service,
    get_turns,
)
from triage.api.errors import Problem, documented, problem_of, problem_of_faults
from triage.api.examples import ANSWER, BATCH, answered
from triage.api.guard import needs
from triage.api.json_body import JsonRoute
from triage.api.json_text import UnreadableItem
from triage.api.requests import MAX_BATCH, MAX_SHORT, BatchRequest, ClassifyRequest
from triage.api.schemas import Answer, BatchAnswer, Refusal, answer_of
from triage.api.straight import directly
from triage.api.turns import Turn
from triage.api.validation import faults
from triage.domain import Caller, Message, Options
from triage.errors import BrandMismatchError, InputError, TooLargeError
from triage.service import Service
from triage.text.limits import check_limits

router = APIRouter(prefix="/v1", tags=["classify"], route_class=JsonRoute)
JSON = "application/json"
DURABLE = "durable"
RECORD = "Triage-Record"
_RECORD = RECORD.lower().encode()
Recorded = Annotated[
    str | None,
    Header(
        description="`durable`: answer once the decision is on the disk, or with 503 when it "
        "cannot be recorded."
    ),
]
_PROBLEMS = documented(413, 415, 422, 500, 503)


async def _answer(request: Request, payload: ClassifyRequest) -> Response:
    """Answer as ``classify`` does, given what it would be given."""
    service, turns = await get_service(request), await get_turns(request)
    record = header_of(request.scope, _RECORD, None)
    return await _classified(payload, service, turns, await get_caller(request), record)


async def _classified(
    payload: ClassifyRequest, service: Service, turns: Turn, caller: Caller, record: str | None
) -> Response:
    durable = _is_durable(record)
    message, options = held_to(caller, payload.message()), payload.options()
    size, short = len(message.text) + len(message.subject), service.is_short(message, options)
    # Who waits for the disk holds a thread meanwhile, and nobody is to wait with them.
    asked = Asked(service, message, options, durable)
    group = object() if durable else options
    answer = await turns.do(_several, asked, group, size=size, short=short and not durable)
    return Response(answer, media_type=JSON)


@router.post(
    "/classify",
    summary="Label a message and suggest replies",
    response_model=Answer,
    responses=answered(ANSWER, "The labels, and articles that may answer.") | _PROBLEMS,
)
@needs("classify")
@directly(_answer)
async def classify(
    payload: ClassifyRequest,
    service: ServiceDep,
    turns: TurnsDep,
    caller: CallerDep,
    triage_record: Recorded = None,
) -> Response:
    """Give each task's label with its confidence, decision and reason, and draft replies.

    A message that is empty, too short, automatic or in another language than the bundle knows is
    answered too: every task abstains and says why.
    """
    return await _classified(payload, service, turns, caller, triage_record)


@router.post(
    "/classify/batch",
    summary="Label several messages",
    responses=answered(BATCH, "One answer or refusal per message, in order.") | _PROBLEMS,
)
@needs("classify")
async def classify_batch(
    payload: BatchRequest, service: ServiceDep, turns: TurnsDep, caller: CallerDep
) -> BatchAnswer:
    """Answer at most 32 messages at once; a message that is refused does not stop the others."""
    if len(payload.messages) > MAX_BATCH:
        raise TooLargeError(
            f"messages has {len(payload.messages)} items; {MAX_BATCH} are allowed.",
            fix="Send them in several requests.",
            field="messages",
        )
    return await turns.run(_batch, service, caller, payload.messages)


def _is_durable(record: str | None) -> bool:
    if record not in {None, DURABLE}:
        raise InputError(
            f"The header {RECORD} has another value.",
            fix="Send durable, or leave the header out.",
            field=RECORD,
        )
    return record == DURABLE


class Asked(NamedTuple):
    """A message with all that answering it takes."""

    service: Service
    message: Message
    options: Options
    durable: bool


def _several(asked: Sequence[Asked]) -> list[bytes]:
    """Answer messages of the same options."""
    service, _, options, durable = asked[0]
    found = service.classify([one.message for one in asked], options, durable=durable)
    return [answer_json(one) for one in found]


def _batch(service: Service, caller: Caller, items: Sequence[object]) -> BatchAnswer:
    """Check each message on its own and label those with the same options together."""
    results: dict[int, Answer | Refusal] = {}
    groups: dict[Options, dict[int, Message]] = defaultdict(dict)
    for place, item in enumerate(items):
        checked = _checked(caller, item)
        if isinstance(checked, Problem):
            results[place] = Refusal(id=_id_of(item), error=checked)
        else:
            message, options = checked
            groups[options][place] = message
    for options, messages in groups.items():
        results |= _group(service, messages, options)
    return BatchAnswer(results=[results[place] for place in range(len(items))])


def _checked(caller: Caller, item: object) -> tuple[Message, Options] | Problem:
    if isinstance(item, UnreadableItem):
        return problem_of(item.error)
    try:
        request = ClassifyRequest.model_validate(item)
        message = held_to(caller, request.message())
        check_limits(message)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=True)
        return problem_of_faults(faults(found, ClassifyRequest))
    except (BrandMismatchError, InputError) as error:
        return problem_of(error)
    return message, request.options()


def _group(
    service: Service, messages: Mapping[int, Message], options: Options
) -> dict[int, Answer | Refusal]:
    try:
        found = service.classify(list(messages.values()), options)
    except InputError as error:
        problem = problem_of(error)
        return {
            place: Refusal(id=message.id or None, error=problem)
            for place, message in messages.items()
        }
    return {place: answer_of(one) for place, one in zip(messages, found, strict=True)}


def _id_of(item: object) -> str | None:
    """Give a refused message its id back, if it is one."""
    if isinstance(item, UnreadableItem):
        given = item.id
    else:
        given = item.get("id") if isinstance(item, dict) else None
    return given if isinstance(given, str) and 0 < len(given) <= MAX_SHORT else None
