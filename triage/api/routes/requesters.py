"""The route that erases a requester."""

from typing import Annotated

from fastapi import APIRouter, Path

from triage.api.deps import CallerDep, ServiceDep
from triage.api.errors import documented
from triage.api.examples import ERASED, answered
from triage.api.guard import GuardedRoute, needs
from triage.api.requests import MAX_SHORT
from triage.api.schemas import Out
from triage.api.store_deps import StoreTurnsDep
from triage.errors import BrandMismatchError

router = APIRouter(prefix="/v1/requesters", tags=["requesters"], route_class=GuardedRoute)


class ErasedOut(Out):
    """Rows that were deleted; ``scrubbed`` tells that no byte of them is left in the file."""

    decisions: int
    feedback: int
    idempotency: int
    disagreements: int
    scrubbed: bool


@router.delete(
    "/{requester_id:path}",
    summary="Erase a requester",
    responses=answered(ERASED, "What was deleted; nothing the second time.")
    | documented(422, 500, 503, 507),
)
@needs("admin")
async def erase(
    requester_id: Annotated[
        str, Path(min_length=1, max_length=MAX_SHORT, description="`customer.id` of /v1/classify.")
    ],
    caller: CallerDep,
    service: ServiceDep,
    turns: StoreTurnsDep,
) -> ErasedOut:
    """Delete all decisions and feedback about messages of a requester, of every brand.

    A fingerprint of the id stays, so that restored backups and the training export leave out what
    was erased. Messages that came without a `customer.id` cannot be found; they expire. 403 for a
    key of one brand: the requester may have written to others.
    """
    if caller.brand is not None:
        raise BrandMismatchError(
            "An erasure covers every brand, and this key is bound to one.",
            fix="Use a key without a brand.",
        )
    erased, scrubbed = await turns.run(service.writes.people.erase, "requester", requester_id)
    return ErasedOut(
        decisions=erased.decisions,
        feedback=erased.feedback,
        idempotency=erased.idempotency,
        disagreements=erased.disagreements,
        scrubbed=scrubbed,
    )
