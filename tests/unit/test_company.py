"""A message gets the same answer alone as in any company, with labels and suggestions."""

import random
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from itertools import islice
from pathlib import Path

from triage.domain import Message, Options, TriageResult
from triage.rows import read_rows
from triage.service import Service
from triage.settings import CHECKOUT, Settings
from triage.telemetry import Telemetry

TEXTS, LARGEST = 2_000, 32


def test_company_changes_no_bit_of_an_answer(tmp_path: Path) -> None:
    """Texts of four languages, one by one and in random groups of up to 32."""
    settings = Settings(
        home=tmp_path, models=CHECKOUT / "models", data=CHECKOUT / "data", profile="tiny"
    )
    service = Service.open(settings, Telemetry("error", StringIO()))
    pipeline = service.pipeline
    files = sorted((CHECKOUT / "data" / "samples" / "train").iterdir())
    each = TEXTS // len(files)
    texts = [str(row["text"]) for file in files for row in islice(read_rows(file), each)]
    chosen = random.Random(4)  # noqa: S311 - any groups will do
    chosen.shuffle(texts)
    messages = [Message(text) for text in texts]
    together: list[TriageResult] = []
    at = groups = 0
    while at < len(messages):
        size = chosen.randint(1, LARGEST)
        together += pipeline.run(messages[at : at + size], Options())
        at, groups = at + size, groups + 1
    alone = [pipeline.run([message], Options())[0] for message in messages]
    service.close()

    assert len(texts) > TEXTS * 0.9
    assert groups < len(texts) / 4
    assert untimed(together) == untimed(alone)


def untimed(results: Sequence[TriageResult]) -> list[TriageResult]:
    """Leave out how long each took."""
    return [replace(one, timings_ms={}) for one in results]
