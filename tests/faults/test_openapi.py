"""Whatever the document of the API allows, and what it does not, leads to no fault of ours."""

from collections import Counter
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.asking import check_shape
from tests.api.conftest import HERE
from tests.api.keyed import hold
from tests.faults.figures import bore, chosen
from triage.access.keys import SCOPES
from triage.api.app import create_app
from triage.service import Service
from triage.settings import Settings
from triage.telemetry import Telemetry

pytestmark = pytest.mark.faults
EXAMPLES = chosen(10, 500)
