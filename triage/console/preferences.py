"""Which language and theme somebody wants, kept in their browser."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from triage.access.doors import open_to_all
from triage.console.context import LANGUAGE
from triage.console.door import ConsoleRoute, form_of, place_after
from triage.console.languages import LANGUAGES
from triage.console.rendering import THEME, THEMES

YEAR_S = 365 * 86400
_CHOICES = {"language": (LANGUAGE, tuple(LANGUAGES)), "theme": (THEME, THEMES)}

router = APIRouter(route_class=ConsoleRoute, include_in_schema=False)


@router.post("/console/preferences")
@open_to_all
async def choose(request: Request) -> Response:
    """Keep what was chosen, and go back to the page it was chosen on."""
    form = form_of(request)
    response = RedirectResponse(place_after(form.get("next", "")), HTTPStatus.SEE_OTHER)
    for field, (cookie, known) in _CHOICES.items():
        if form.get(field) in known:
            response.set_cookie(
                cookie, form[field], max_age=YEAR_S, path="/console", samesite="lax"
            )
    return response
