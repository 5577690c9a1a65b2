"""The route that lists canned responses."""

from typing import Annotated

from fastapi import APIRouter, Query

from triage.api.brands import brand_for
from triage.api.canned_schemas import CannedAnswer, canned_answer
from triage.api.deps import CallerDep, ServiceDep
from triage.api.errors import documented
from triage.api.examples import CANNED, answered
from triage.api.guard import GuardedRoute, needs
from triage.api.requests import MAX_SHORT, LanguageTag, primary

router = APIRouter(prefix="/v1/canned", tags=["canned"], route_class=GuardedRoute)


@router.get(
    "",
    summary="List canned responses",
    responses=answered(CANNED, "Canned responses by language and title.") | documented(422, 500),
)
@needs("kb:read")
async def canned(
    caller: CallerDep,
    service: ServiceDep,
    language: Annotated[LanguageTag | None, Query(description="Only those in it.")] = None,
    brand: Annotated[
        str | None, Query(max_length=MAX_SHORT, description="Whose placeholders to fill.")
    ] = None,
) -> CannedAnswer:
    """List the replies that agents may insert, as they stand in `canned/responses`.

    `values` holds what a brand's own placeholders stand for; the rest is filled by who inserts one.
    """
    return canned_answer(service.voices, primary(language), brand_for(caller, brand, "brand"))
