"""From a template and its values to a page in the visitor's language.

Everything that is filled in is escaped; no template marks anything as safe. Scripts and styles come
from our own files alone, so what slipped through all the same would not run.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from triage.console.context import console_of, locale_of, visit_of
from triage.console.languages import LANGUAGES

FOLDER = Path(__file__).parent / "templates"
THEME, THEMES = "triage_theme", ("auto", "light", "dark")
"""Cookie of the theme that somebody chose, and its values."""
HEADERS = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        # Without a referrer at all, browsers would send forms with an Origin of "null".
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Vary": "Cookie, Accept-Language",
    }
)


@lru_cache
def environment() -> Environment:
    """Return the environment of the templates: it escapes, and refuses names that are not given."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["query"] = query
    return made


def page(request: Request, template: str, status: int = 200, **values: object) -> Response:
    """Render a template as a page; see ``frame.html`` for what every template is given."""
    text = environment().get_template(template).render(**_common(request), **values)
    return HTMLResponse(text, status, headers=dict(HEADERS))


def query(values: Mapping[str, object], **changes: object) -> str:
    """Write filters as the query of a link, some of them changed; empty ones are left out."""
    kept = {name: value for name, value in {**values, **changes}.items() if value not in {None, ""}}
    return f"?{urlencode(kept)}" if kept else ""


def _common(request: Request) -> dict[str, Any]:
    console, visit, locale = console_of(request), visit_of(request), locale_of(request)
    theme = request.cookies.get(THEME, "")
    scopes = visit.caller.scopes if visit.caller else frozenset[str]()
    pages = request.app.state.console_pages
    return {
        "request": request,
        "visit": visit,
        "locale": locale,
        "t": locale.t,
        "tn": locale.tn,
        "asset": console.assets.url,
        "languages": LANGUAGES,
        "theme": theme if theme in THEMES else "auto",
        "themes": THEMES,
        "pages": [one for one in pages if one.scope in scopes],
        "here": request.url.path,
        "path": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
    }
