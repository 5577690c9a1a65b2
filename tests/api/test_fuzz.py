"""No body at all leads to a 5xx, and every refusal has the one shape."""

import json
from typing import Any

from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.asking import check_shape, post

FIELDS = (
    "text", "id", "subject", "content_type", "channel", "language", "customer", "context",
    "suggestions", "explain", "tasks", "unknown",
)  # fmt: skip
FEW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)
html = st.lists(
    st.sampled_from(["<p>", "</p>", "<", ">", "&#0;", "<!--", "<table><tr>", "你好", "\n> ", "x"]),
    max_size=40,
).map("".join)
messages = st.fixed_dictionaries(
    {"text": st.text(max_size=200) | html},
    optional={
        "subject": st.text(max_size=50),
        "content_type": st.sampled_from(["text/plain", "text/html"]),
        "language": st.sampled_from(["en", "da", "zh-CN", "xx"]),
        "explain": st.booleans(),
        "suggestions": st.integers(0, 10),
    },
)


def check(client: TestClient, body: bytes, path: str) -> None:
    """Send a body and demand an answer or a problem."""
    response = post(client, body, path)

    assert response.status_code in {200, 413, 422}, response.text
    if response.status_code != 200:
        check_shape(response.json())


@FEW
@given(st.binary(max_size=200))
def test_any_bytes_are_answered(client: TestClient, body: bytes) -> None:
    """Bytes of any kind are refused politely."""
    check(client, body, "/v1/classify")


@FEW
@given(st.dictionaries(st.sampled_from(FIELDS), anything, max_size=6))
def test_any_object_is_answered(client: TestClient, body: dict[str, Any]) -> None:
    """Known fields with values of any kind are answered or refused."""
    check(client, json.dumps(body).encode(), "/v1/classify")


@FEW
@given(messages)
def test_any_text_is_labelled(client: TestClient, body: dict[str, Any]) -> None:
    """Text of any kind goes through the whole pipeline, evidence included."""
    check(client, json.dumps(body).encode(), "/v1/classify")


@FEW
@given(st.lists(messages | anything, max_size=4))
def test_any_batch_is_answered(client: TestClient, items: list[Any]) -> None:
    """Messages of any kind stand beside each other."""
    check(client, json.dumps({"messages": items}).encode(), "/v1/classify/batch")


@FEW
@given(st.text(max_size=100), st.dictionaries(st.sampled_from(FIELDS), anything, max_size=2))
def test_any_question_is_answered(
    client: TestClient, question: str, filters: dict[str, Any]
) -> None:
    """Questions and filters of any kind are answered or refused."""
    body = {"question": question, **({"filters": filters} if filters else {})}
    check(client, json.dumps(body).encode(), "/v1/suggestions")
