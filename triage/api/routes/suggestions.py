"""The route that searches the knowledge base."""

from fastapi import APIRouter

from triage.api.brands import asked_by
from triage.api.deps import CallerDep, ServiceDep, TurnsDep
from triage.api.errors import documented
from triage.api.examples import SUGGESTIONS, answered
from triage.api.guard import needs
from triage.api.json_body import JsonRoute
from triage.api.requests import SuggestionsRequest
from triage.api.schemas import SuggestionsAnswer, suggestions_answer

router = APIRouter(prefix="/v1", tags=["suggestions"], route_class=JsonRoute)


@router.post(
    "/suggestions",
    summary="Find articles that answer a question",
    responses=answered(SUGGESTIONS, "Articles by confidence, or the reason why there is none.")
    | documented(413, 415, 422, 500, 503),
)
@needs("suggest")
async def suggest(
    payload: SuggestionsRequest, service: ServiceDep, turns: TurnsDep, caller: CallerDep
) -> SuggestionsAnswer:
    """Search with a question in any of the bundle's languages; internal articles stay hidden."""
    question = asked_by(caller, payload.asked())
    return suggestions_answer(*await turns.run(service.suggest, question))
