"""Whatever the document of the API allows, and what it does not, leads to no fault of ours."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from requests import Session
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.asking import MEMBERS
from tests.api.keyed import bearer, hold
from tests.faults.figures import bore, chosen
from tests.serving import Server, serving
from triage.access.keys import SCOPES
from triage.settings import Settings

pytestmark = pytest.mark.faults

EXAMPLES = chosen(6, 1_000)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
APART = {"/v1/classify/batch", "/v1/articles/import"}
"""Where each item is refused by itself, within an answer of 200."""


class Asked:
    """Sends cases to a server and keeps what came of them.

    Args:
        server: Where to.
        key: Lets everything through.
    """

    def __init__(self, server: Server, key: str) -> None:
        self._base, self._headers = f"http://127.0.0.1:{server.port}", bearer(key)
        self._session = Session()
        with server.ask() as asker:
            self.document = asker.get("/openapi.json").body
        # Else keys are made up, and nothing behind them is reached.
        del self.document["components"]["securitySchemes"]
        for path in self.document["paths"].values():
            for operation in path.values():
                del operation["security"]
        self.statuses: Counter[int] = Counter()
        self.failures: dict[str, str] = {}
        self.shapeless = 0

    def ask(self, case: Case) -> None:
        """Send a case and check what is answered."""
        response = case.call(self._base, self._session, self._headers)
        status = response.status_code
        self.statuses[status] += 1
        if status >= 400:
            kind = str(response.headers.get("content-type", ["none"])[0])
            problem = response.json() if kind == "application/problem+json" else {}
            self.shapeless += set(problem) != MEMBERS
            if problem.get("code") == "not_found":
                return  # a slash in an id makes another path
        try:
            # A body that is too large is refused before it is read, which the check does not know.
            apart = case.path in APART or status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            excluded = [negative_data_rejection] if apart else []
            case.validate_response(response, checks=CHECKS, excluded_checks=excluded)
        except FailureGroup as group:
            for failure in group.exceptions:
                place = f"{case.method} {case.path} {type(failure).__name__}"
                self.failures.setdefault(place, f"{status}: {failure}"[:1_500])


@pytest.fixture
def asked(checkout: Path, tmp_path: Path) -> Iterator[Asked]:
    """Serve with a key for all routes."""
    chosen_settings = Settings(
        home=tmp_path / "home", models=checkout / "models", data=checkout / "data", profile="tiny"
    )
    key, _ = hold(chosen_settings, *SCOPES, rate="100000/second")
    with serving(checkout, chosen_settings.home, drain_pause_s=0) as server:
        yield Asked(server, key)


def cases(mode: GenerationMode, asked: Asked) -> int:
    """Ask every operation with cases of a kind; return how many operations there are."""
    schema = schemathesis.openapi.from_dict(asked.document)
    count = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def ask(case: Case) -> None:
            asked.ask(case)

        # A route that takes nothing cannot be asked wrongly.
        with suppress(Unsatisfiable):
            ask()
        count += 1
    return count


def test_every_operation_keeps_its_word(asked: Asked) -> None:
    """Requests as documented and otherwise: no 5xx, documented statuses and shapes, one problem."""
    operations = cases(GenerationMode.POSITIVE, asked)
    cases(GenerationMode.NEGATIVE, asked)
    faults = sum(count for status, count in asked.statuses.items() if status >= 500)
    assert {200, 404, 422} <= asked.statuses.keys()
    for place, told in asked.failures.items():
        print(f"{place}\n{told}\n")

    bore(
        "requests from the OpenAPI document",
        f"{operations} operations, {sum(asked.statuses.values())} requests, right and wrong",
        "0 5xx, answers as documented, every refusal a problem",
        f"{faults} 5xx, {len(asked.failures)} kinds not as documented, {asked.shapeless} refusals "
        f"of another shape, statuses {', '.join(map(str, sorted(asked.statuses)))}",
        passed=not (faults or asked.failures or asked.shapeless),
    )
