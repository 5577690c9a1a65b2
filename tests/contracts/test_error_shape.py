"""Every error has one row in the table of statuses and one shape on every path."""

from collections.abc import Iterator

import pytest

from triage import errors
from triage.api.errors import HTTP_PROBLEMS, STATUSES, http_problem, problem_of

MEMBERS = {"type", "title", "status", "detail", "code", "instance", "errors"}


def tree(root: type[errors.TriageError]) -> Iterator[type[errors.TriageError]]:
    """List an error class and all below it."""
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


CLASSES = tuple(tree(errors.TriageError))


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_has_a_status_and_a_title(kind: type[errors.TriageError]) -> None:
    """A new error class needs its row before it can be raised."""
    status, title = STATUSES[kind]

    assert 400 <= status <= 599
    assert title


def test_table_has_no_row_without_a_class() -> None:
    """A row that nobody raises is taken out."""
    assert set(STATUSES) == set(CLASSES)


def test_codes_are_distinct() -> None:
    """A code names one kind of error, those of HTTP included."""
    codes = [kind.code for kind in CLASSES] + [one.code for one in HTTP_PROBLEMS.values()]

    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_becomes_the_same_shape(kind: type[errors.TriageError]) -> None:
    """A problem holds code and status; faults of ours do not tell their inside."""
    error = kind("Inner words.", fix="Inner fix.", field="inner")
    problem = problem_of(error).model_dump()

    assert set(problem) == MEMBERS
    assert problem["code"] == kind.code
    assert problem["status"] == STATUSES[kind][0]
    if problem["status"] == 500:
        assert "Inner" not in str(problem)
    elif problem["status"] < 500:
        assert problem["errors"] == [
            {"field": "inner", "message": "Inner words.", "fix": "Inner fix."}
        ]


@pytest.mark.parametrize("status", [400, 404, 405, 408, 415, 418, 500])
def test_every_refusal_of_http_becomes_the_same_shape(status: int) -> None:
    """Statuses that no error of ours has get the same members."""
    problem = http_problem(status).model_dump()

    assert set(problem) == MEMBERS
    assert problem["status"] == status
    assert problem["code"]
    assert problem["detail"]
