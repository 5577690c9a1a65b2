"""What the OpenAPI document says about keys: the scheme, and the scope of each route."""

import re
from typing import Any

from fastapi import FastAPI

from triage.api.errors import documented
from triage.api.guard import scopes_of

SCHEME = "key"
_CONVERTER = re.compile(r":\w+}")
_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "trg_...",
    "description": "A key made by `triage keys create`. As long as none was ever made, callers on "
    "the server's own machine need none.",
}


def with_security(document: dict[str, Any], app: FastAPI) -> dict[str, Any]:
    """Add the security scheme, and to every route with a scope that scope and its refusals."""
    components = document.setdefault("components", {})
    components.setdefault("securitySchemes", {})[SCHEME] = _SCHEME
    for (method, path), scope in scopes_of(app).items():
        # The document writes {id} where a route's path is {id:path}.
        operation = document["paths"].get(_CONVERTER.sub("}", path), {}).get(method.lower())
        if not operation:
            continue
        operation["security"] = [{SCHEME: [scope]}] if scope else []
        if scope:
            told = {str(status): text for status, text in documented(401, 403, 429).items()}
            operation["responses"] = dict(sorted((operation["responses"] | told).items()))
    return document
