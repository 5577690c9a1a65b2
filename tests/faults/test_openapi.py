"""Whatever the document of the API allows, and what it does not, leads to no fault of ours."""

from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
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
from tests.api.conftest import HERE
from tests.api.keyed import bearer, hold
from tests.faults.figures import bore, chosen
from triage.access.keys import SCOPES
from triage.api.app import create_app
from triage.service import Service
from triage.settings import Settings
from triage.telemetry import Telemetry

pytestmark = pytest.mark.faults

EXAMPLES = chosen(8, 400)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


class Asked:
    """Sends cases to an app and keeps what came of them.

    Args:
        client: Of the app.
        key: Lets everything through.
    """

    def __init__(self, client: TestClient, key: str) -> None:
        self._client, self._headers = client, bearer(key)
        self.statuses: Counter[int] = Counter()
        self.failures: dict[str, str] = {}
        self.shapeless = 0

    def ask(self, case: Case) -> None:
        """Send a case and check what is answered."""
        response = case.call(session=self._client, base_url="http://127.0.0.1", headers=self._headers)
        status = response.status_code
        self.statuses[status] += 1
        if status >= 400:
            kind = str(response.headers.get("content-type", ["none"])[0])
            problem = response.json() if kind == "application/problem+json" else {}
            self.shapeless += set(problem) != MEMBERS
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                place = f"{case.method} {case.path} {type(failure).__name__}"
                self.failures.setdefault(place, f"{status}: {failure}"[:1_500])


@pytest.fixture
def asked(checkout: Path, tmp_path: Path) -> Iterator[Asked]:
    """Serve an app of its own, since all routes are called, with a key for all of them."""
    chosen_settings = Settings(
        home=tmp_path / "home", models=checkout / "models", data=checkout / "data", profile="tiny"
    )
    key, _ = hold(chosen_settings, *SCOPES, rate="1000000/second")
    service = Service.open(chosen_settings, Telemetry("error", StringIO()))
    with TestClient(create_app(service), **HERE) as client:
        yield Asked(client, key)


def cases(mode: GenerationMode, asked: Asked) -> int:
    """Ask every operation with cases of a kind; return how many operations there are."""
    schema = schemathesis.openapi.from_dict(asked._client.app.openapi())  # type: ignore[attr-defined] # the app is ours
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

        ask()
        count += 1
    return count


def test_every_operation_keeps_its_word(asked: Asked) -> None:
    """Requests as documented and otherwise: no 5xx, documented statuses and shapes, one problem."""
    operations = cases(GenerationMode.POSITIVE, asked)
    cases(GenerationMode.NEGATIVE, asked)
    faults = sum(count for status, count in asked.statuses.items() if status >= 500)
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
