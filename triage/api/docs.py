"""The documentation page: made from the OpenAPI document, whole without any other host."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from triage.api.errors import HTTP_PROBLEMS, STATUSES

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1b1f;background:#fff}"
    "pre{background:#f4f4f6;padding:1rem;overflow-x:auto;font-size:.85rem}"
    "code{font-family:ui-monospace,monospace}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ddd}"
    "h2{margin-top:3rem;border-top:2px solid #1b1b1f;padding-top:1rem}"
)
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
)
"""Content security policy of the page: its one style, nothing else."""

Document = Mapping[str, Any]
_CODE = re.compile(r"`([^`]+)`")


def page(document: Document) -> str:
    """Write the page of an OpenAPI document."""
    routes = [
        _route(path, method, operation, document)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    info = document["info"]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(info['title'])}</title><style>{STYLE}</style></head><body>",
            f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>",
            f"<p>{escape(info['description'])}</p>",
            '<p>The same for machines: <a href="/openapi.json">/openapi.json</a></p>',
            *routes,
            _errors(),
            "</body></html>",
        ]
    )


def _route(path: str, method: str, operation: Document, document: Document) -> str:
    parts = [
        f"<section><h2><code>{method.upper()} {escape(path)}</code></h2>",
        f"<p><strong>{escape(operation['summary'])}.</strong></p>",
        f"<p>{_prose(operation.get('description', ''))}</p>",
        *_scopes(operation),
    ]
    parts += _parameters(operation.get("parameters", []))
    if "requestBody" in operation:
        parts += _request(path, method, operation, document)
    for status, response in operation["responses"].items():
        parts += _response(status, response)
    return "\n".join([*parts, "</section>"])


def _scopes(operation: Document) -> Iterator[str]:
    for need in operation.get("security", []):
        names = ", ".join(f"<code>{escape(name)}</code>" for (name,) in need.values())
        yield f"<p>Takes a key with the scope {names}.</p>"


def _parameters(parameters: Sequence[Document]) -> Iterator[str]:
    if not parameters:
        return
    yield "<h3>Parameters</h3><table><tr><th>Name</th><th>In</th><th>Meaning</th></tr>"
    for one in parameters:
        mark = " (required)" if one["required"] else ""
        yield (
            f"<tr><td><code>{escape(one['name'])}</code>{mark}</td><td>{escape(one['in'])}</td>"
            f"<td>{_prose(one.get('description', ''))}</td></tr>"
        )
    yield "</table>"


def _is_needed(parameter: Document) -> bool:
    return bool(parameter["required"]) and parameter["in"] == "query"


def _request(path: str, method: str, operation: Document, document: Document) -> Iterator[str]:
    schema = _resolved(operation["requestBody"]["content"]["application/json"]["schema"], document)
    yield "<h3>Request</h3><table><tr><th>Field</th><th>Type</th><th>Meaning</th></tr>"
    required = schema.get("required", [])
    for name, field in _rows(schema, "", document):
        mark = " (required)" if name in required else ""
        yield (
            f"<tr><td><code>{escape(name)}</code>{mark}</td><td>{escape(_type(field))}</td>"
            f"<td>{_prose(field.get('description', ''))}</td></tr>"
        )
    yield "</table>"
    body = json.dumps(schema["examples"][0], ensure_ascii=False)
    needed = [one["name"] for one in operation.get("parameters", []) if _is_needed(one)]
    query = "?" + "&".join(f"{name}=en" for name in needed) if needed else ""
    command = (
        f"curl{'' if method == 'post' else f' -X {method.upper()}'} "
        f"'http://127.0.0.1:8000{path}{query}' -H 'content-type: application/json' \\\n"
        f"  -d '{body}'"
    )
    yield f"<pre><code>{escape(command)}</code></pre>"


def _rows(schema: Document, prefix: str, document: Document) -> Iterator[tuple[str, Document]]:
    for name, field in schema["properties"].items():
        yield f"{prefix}{name}", field
        inner = next((part for part in field.get("anyOf", []) if "$ref" in part), None)
        if inner:
            yield from _rows(_resolved(inner, document), f"{prefix}{name}.", document)


def _response(status: str, response: Document) -> Iterator[str]:
    yield f"<h3>{escape(status)} · {_prose(response['description'])}</h3>"
    for content in response.get("content", {}).values():
        example = content.get("example", "")
        text = (
            example
            if isinstance(example, str)
            else json.dumps(example, ensure_ascii=False, indent=2)
        )
        yield f"<pre><code>{escape(text)}</code></pre>"


def _errors() -> str:
    rows = [(kind.code, status, title) for kind, (status, title) in STATUSES.items()]
    rows += [(one.code, status, one.title) for status, one in HTTP_PROBLEMS.items()]
    cells = "\n".join(
        f'<tr id="{escape(code)}"><td><code>{escape(code)}</code></td><td>{status}</td>'
        f"<td>{escape(title)}</td></tr>"
        for code, status, title in rows
    )
    head = "<tr><th>Code</th><th>Status</th><th>Meaning</th></tr>"
    return f"<section><h2>Errors</h2><table>{head}{cells}</table></section>"


def _prose(text: str) -> str:
    """Show what stands between backticks, the one markup of descriptions, as code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _type(field: Document) -> str:
    if "enum" in field:
        return " | ".join(str(value) for value in field["enum"])
    if "anyOf" in field:
        kinds = [_type(part) for part in field["anyOf"] if part.get("type") != "null"]
        return " | ".join(kinds)
    if "$ref" in field:
        return "object"
    return str(field.get("type", ""))


def _resolved(schema: Document, document: Document) -> Document:
    name = schema["$ref"].rsplit("/", 1)[-1]
    resolved: Document = document["components"]["schemas"][name]
    return resolved
