"""The route that hears what agents did with answers."""

from fastapi import APIRouter, Response

from triage.api.deps import ServiceDep
from triage.api.errors import documented, missing
from triage.api.examples import RECEIPT, answered
from triage.api.feedback_schemas import FeedbackRequest, Receipt
from triage.api.guard import needs
from triage.api.json_body import JsonRoute
from triage.api.store_deps import AskerDep, StoreTurnsDep, sent
from triage.errors import DecisionNotFoundError
from triage.storage.idempotency import Reply
from triage.writes.base import ACCEPTED, Asker
from triage.writes.feedback import FeedbackIntake

router = APIRouter(prefix="/v1", tags=["feedback"], route_class=JsonRoute)
_MISSING = DecisionNotFoundError(
    "No decision with this id is recorded.",
    fix="Send the id of an answer of /v1/classify; old decisions expire.",
    field="id",
)


@router.post(
    "/feedback",
    summary="Tell what an agent did with an answer",
    status_code=ACCEPTED,
    response_model=Receipt,
    responses=answered(RECEIPT, "It is recorded, on the disk.", ACCEPTED)
    | missing(_MISSING)
    | documented(409, 413, 415, 422, 500, 503, 507),
)
@needs("feedback")
async def feedback(
    payload: FeedbackRequest, asker: AskerDep, service: ServiceDep, turns: StoreTurnsDep
) -> Response:
    """Record labels that an agent set, and suggestions that were used, edited or rejected.

    `edit_distance` is computed here: the share of the suggested passage that was changed before it
    was sent. 404 where no such answer is recorded, or it has expired.
    """
    return sent(await turns.run(_add, service.writes.feedback, payload, asker))


def _add(intake: FeedbackIntake, payload: FeedbackRequest, asker: Asker) -> Reply:
    return intake.add(payload.given(), asker, _receipt)


def _receipt(receipt: str) -> str:
    return Receipt(receipt=receipt, recorded=True).model_dump_json()
