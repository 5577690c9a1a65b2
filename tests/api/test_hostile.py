"""Bad input: each body gives a problem that names the field and the fix, or an abstention."""

import json
from collections.abc import MutableMapping
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient

from tests.api.asking import PARCEL, classify, fault, post, problem

LIMIT = 1024 * 1024


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"  \n", "body"),
        (b"{", "body"),
        (b'{"text": "a"} x', "body"),
        (b"{'text': 'a'}", "body"),
        (b'{"text": "a",}', "body"),
        (b'{"text": "a\nb"}', "body"),
        (b"\xef\xbb\xbf{}", "body"),
        (b"[]", "body"),
        (b'"text"', "body"),
        (b"null", "body"),
        (b"NaN", "body"),
        (b'{"text": "\xff"}', "body"),
        ('{"text": "a"}'.encode("utf-16"), "body"),
        (b"[" * 100_000, "body"),
        (b'{"a":' * 50_000, "body"),
        (b'{"text": ' + b"[" * 16 + b"]" * 16 + b"}", "body"),
        (b'{"text": NaN}', "text"),
        (b'{"text": -Infinity}', "text"),
        (b'{"text": "a", "context": {"brand": 1e999}}', "context.brand"),
        (b'{"text": "a", "tasks": ["b", NaN]}', "tasks.1"),
        (b'{"text": "a", "suggestions": ' + b"9" * 4_000 + b"}", "suggestions"),
        (b'{"text": "a", "suggestions": 9223372036854775808}', "suggestions"),
        (b'{"text": "\\ud800"}', "text"),
        (b'{"text": "a\\udfff\\ud800b"}', "text"),
        (b'{"text": "a", "subject": "\\u0000"}', "subject"),
        (b'{"text": "a", "customer": {"name": "\\ud83d"}}', "customer.name"),
        (b'{"text": "a", "\\ud800": 1}', "body"),
        (b'{"text": "a", "text": "b"}', "text"),
        (b'{"text": "a", "customer": {"id": "x", "id": "y"}}', "customer.id"),
        (json.dumps({str(n): n for n in range(201)}).encode(), "body"),
        (b"{}", "text"),
        (b'{"text": null}', "text"),
        (b'{"text": 3}', "text"),
        (b'{"text": ["a"]}', "text"),
        (b'{"text": {"a": "b"}}', "text"),
        (b'{"text": "a", "txt": "b"}', "txt"),
        (b'{"text": "a", "context": {"lang": "da"}}', "context.lang"),
        (b'{"text": "a", "customer": {"email": "b"}}', "customer.email"),
        (b'{"text": "a", "customer": "Anna"}', "customer"),
        (b'{"text": "a", "id": 7}', "id"),
        (b'{"text": "a", "id": "%s"}' % (b"7" * 201), "id"),
        (b'{"text": "a", "content_type": "text/rtf"}', "content_type"),
        (b'{"text": "a", "channel": "fax"}', "channel"),
        (b'{"text": "a", "language": "danish language"}', "language"),
        (b'{"text": "a", "suggestions": 11}', "suggestions"),
        (b'{"text": "a", "suggestions": -1}', "suggestions"),
        (b'{"text": "a", "suggestions": "3"}', "suggestions"),
        (b'{"text": "a", "suggestions": 2.5}', "suggestions"),
        (b'{"text": "a", "suggestions": true}', "suggestions"),
        (b'{"text": "a", "explain": "yes"}', "explain"),
        (b'{"text": "a", "explain": 1}', "explain"),
        (b'{"text": "a", "tasks": "category"}', "tasks"),
        (b'{"text": "a", "tasks": []}', "tasks"),
        (b'{"text": "a", "tasks": [""]}', "tasks.0"),
    ],
)
def test_malformed_body_names_the_field_and_the_fix(
    client: TestClient, body: bytes, field: str
) -> None:
    """Whatever is wrong, the answer is 422 with the place and what to do."""
    assert fault(post(client, body))["field"] == field


def test_all_faults_of_a_body_are_told_at_once(client: TestClient) -> None:
    """Nobody has to find them one by one."""
    body = problem(post(client, b'{"suggestions": 11, "explain": 1}'), 422, "invalid_input")

    assert [one["field"] for one in body["errors"]] == ["text", "suggestions", "explain"]


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b'{"text": "a", "languge": "da"}', "Did you mean language?"),
        (b'{"text": "a", "context": {"brnd": "b"}}', "Did you mean brand?"),
        (b'{"text": "a", "zzz": 1}', "known are text, id, subject"),
    ],
)
def test_unknown_field_is_named_with_what_is_known(
    client: TestClient, body: bytes, hint: str
) -> None:
    """A slip of the pen is recognised."""
    assert hint in fault(post(client, body))["fix"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": "x" * 20_001}, "text"),
        ({"text": "你" * 20_001}, "text"),
        ({"text": "<p>" + "x" * 256_000, "content_type": "text/html"}, "text"),
        ({"text": "你" * 85_334, "content_type": "text/html"}, "text"),
        ({"text": "<" * 1_000_000, "content_type": "text/html"}, "text"),
        ({"text": "a", "subject": "x" * 1_001}, "subject"),
    ],
)
def test_text_over_its_limit_is_refused_before_cleaning(
    client: TestClient, fields: dict[str, str], field: str
) -> None:
    """Too much text is 413, with the field and both numbers."""
    found = fault(client.post("/v1/classify", json=fields), 413, "too_large")

    assert found["field"] == field
    assert "allowed" in found["message"]


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "x" * 20_000},
        {"text": "😀" * 20_000},
        {"text": "a", "subject": "x" * 1_000},
        {"text": "<" * 256_000, "content_type": "text/html"},
        {"text": "<div>" * 51_200, "content_type": "text/html"},
        {"text": "<!--" * 64_000, "content_type": "text/html"},
        {"text": "On a " * 4_000},
        {"text": "\n" * 20_000},
        {"text": "> " * 10_000},
        {"text": "a" + "\u0301" * 19_999},
        {"text": "\u202e\u200b" * 10_000},
    ],
)
def test_text_at_its_limit_is_answered(client: TestClient, fields: dict[str, str]) -> None:
    """The limit itself is allowed, whatever the text is made of."""
    assert classify(client, **fields)["labels"]


def test_body_at_the_limit_is_read_and_one_byte_more_is_not(client: TestClient) -> None:
    """Bytes are counted before parsing: the larger body is never looked into."""
    fits = b'{"nonsense": "' + b"x" * (LIMIT - 16) + b'"}'

    assert len(fits) == LIMIT
    assert fault(post(client, fits), 422)["field"] == "text"
    assert fault(post(client, fits + b" "), 413, "too_large")["field"] == "body"


def test_body_without_a_length_is_given_up_at_the_limit(client: TestClient) -> None:
    """A chunked body without end is read no further than the limit."""
    read = 0
    status = 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 65_536
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": True}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/classify",
        "raw_path": b"/v1/classify",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 50000),
    }
    anyio.run(client.app, scope, receive, send)

    assert status == 413
    assert read <= LIMIT + 65_536


def test_announced_length_alone_is_enough_to_refuse(client: TestClient) -> None:
    """A body that announces too much is refused unread."""
    problem(post(client, b"{}", **{"content-length": str(10**15)}), 413, "too_large")


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/problem+json"},
        {"content-type": ""},
        {"content-encoding": "gzip"},
        {"content-encoding": "identity, br"},
    ],
)
def test_other_types_and_encodings_are_refused(client: TestClient, headers: dict[str, str]) -> None:
    """Only plain JSON in UTF-8 is taken."""
    problem(post(client, b'{"text": "a"}', **headers), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "kind",
    ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"'],
)
def test_json_is_recognised_in_all_its_spellings(client: TestClient, kind: str) -> None:
    """Case, spaces and quotes in the content type do not matter."""
    assert post(client, b'{"text": "a"}', **{"content-type": kind}).status_code == 200


def test_escaped_pairs_are_whole_characters(client: TestClient) -> None:
    """Two escapes that make one character are text."""
    body = b'{"text": "\\ud83d\\ude00 %s"}' % PARCEL.encode()

    assert post(client, body).json()["cleaned"]["text"] == f"😀 {PARCEL}"


def test_brackets_inside_strings_are_no_nesting(client: TestClient) -> None:
    """Only the structure counts, not what texts contain."""
    text = '[{"' * 30 + "\\" * 7

    assert classify(client, text=text, explain=False)["labels"]
