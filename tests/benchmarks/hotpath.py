"""Measure what one classified message costs in process, and where the time goes.

Run: ``python tests/benchmarks/hotpath.py [--profile tiny|twin] [--table]``. The app is called as a
server would call it, without a socket; beside it stands a route that returns a constant of the same
size. CPU time is that of the whole process, the journal's thread included, so a figure is what a
request costs and not only how long it waits. 1,500 articles, three suggestions, recording on.
"""

import argparse
import asyncio
import cProfile
import json
import os
import pstats
import resource
import statistics
from collections.abc import Callable, Coroutine, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import uvloop
from fastapi import FastAPI

from triage.api.app import create_app
from triage.api.requests import ClassifyRequest
from triage.api.schemas import answer_of
from triage.domain import Article, Message, Options
from triage.pipeline import Pipeline
from triage.rows import write_rows
from triage.service import Service
from triage.settings import CHECKOUT, Settings
from triage.storage.store import Store
from triage.telemetry import Telemetry

ARTICLES = 1_500
MESSAGES = 400
WORDS = 24
"""Most words of a message: 30 tokens in the mean, as in the other benchmarks."""
ROUNDS = 5
US = 1e6
MAX_RSS_KB = 1024
App = Callable[..., Coroutine[Any, Any, None]]


def rows(folder: str) -> Iterator[dict[str, Any]]:
    """Read the sample rows of a folder."""
    for file in sorted((CHECKOUT / "data" / "samples" / folder).glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def articles() -> list[Article]:
    """Take 1,500 answers of the samples as articles, in three languages."""
    found = [
        Article(row["scenario_id"], row["language"], row["title"], row["text"])
        for row in rows("answers")
        if row["text"] and row["language"] != "zh"
    ]
    return found[:ARTICLES]


def messages(language: str) -> list[str]:
    """Take messages of the test and training samples, cut to at most 24 words."""
    texts = [
        row["text"]
        for folder in ("test", "train")
        for row in rows(folder)
        if language in {"all", row["language"]}
    ]
    step = max(1, len(texts) // MESSAGES)
    return [" ".join(text.split()[:WORDS]) for text in texts[::step][:MESSAGES]]


@contextmanager
def opened(profile: str) -> Iterator[Service]:
    """Open a service in a home of its own over the 1,500 articles."""
    with TemporaryDirectory() as home, Path(os.devnull).open("w") as nowhere:
        settings = Settings(home=Path(home), profile=profile, queue_timeout_s=60.0)
        with Store.open(settings.store_url) as store:
            store.articles.replace_articles(articles(), ())
        service = Service.open(settings, Telemetry("info", nowhere))
        try:
            yield service
        finally:
            service.close()


def constant_app(size: int) -> FastAPI:
    """Build the ceiling: a route that reads the body and returns a constant of the same size."""
    app = FastAPI()
    answer = {"answer": "x" * size}

    @app.post("/v1/classify")
    async def classify(_payload: ClassifyRequest) -> dict[str, str]:
        return answer

    return app


async def ask(app: App, body: bytes) -> tuple[int, bytes]:
    """Send one request to an app and return its status and body."""
    status, parts = 0, []
    sent = False

    async def receive() -> MutableMapping[str, Any]:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    headers = [
        (b"host", b"127.0.0.1"),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "method": "POST", "scheme": "http", "path": "/v1/classify", "raw_path": b"/v1/classify",
        "root_path": "", "query_string": b"", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000), "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    return status, b"".join(parts)


async def pass_through(app: App, bodies: list[bytes], width: int) -> tuple[float, list[float]]:
    """Ask everything once with ``width`` callers; return CPU seconds each, and their waits."""
    waits: list[float] = []
    todo = iter(bodies)

    async def caller() -> None:
        for body in todo:
            begun = perf_counter()
            status, answer = await ask(app, body)
            waits.append(perf_counter() - begun)
            if status != 200:
                raise SystemExit(f"{status}: {answer.decode()}")

    begun = process_time()
    await asyncio.gather(*(caller() for _ in range(width)))
    return (process_time() - begun) / len(bodies), waits


def report(name: str, costs: list[float], waits: list[float]) -> None:
    """Print one row: least CPU time of a round, as neighbours only add, and waits."""
    ordered = sorted(waits)
    p50, p99 = (ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.99))
    cells = [min(costs) * US, p50 * US, p99 * US]
    print(f"| {name} | " + " | ".join(f"{cell:.0f}" for cell in cells) + " |")


async def measure(service: Service, texts: list[str]) -> None:
    """Print the costs through the app at several widths, beside the constant route."""
    app = create_app(service)
    bodies = [json.dumps({"text": text}).encode() for text in texts]
    size = len((await ask(app, bodies[0]))[1])
    apps: dict[str, tuple[App, int]] = {
        "constant route, 1 caller": (constant_app(size), 1),
        "app, 1 caller": (app, 1),
        "app, 16 callers": (app, 16),
        "app, 48 callers": (app, 48),
    }
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in apps}
    for round_ in range(ROUNDS + 1):
        for name, (one, width) in apps.items():
            cost, waits = await pass_through(one, bodies, width)
            if round_:
                found[name][0].append(cost)
                found[name][1].extend(waits)
    print(f"answer: {size} bytes\n\n| through | CPU us | p50 us | p99 us |\n|---|---|---|---|")
    for name, (costs, waits) in found.items():
        report(name, costs, waits)


def steps(pipeline: Pipeline, texts: list[str]) -> None:
    """Print what each step of the pipeline costs, one message a call."""
    runs: dict[str, list[float]] = {}
    for round_ in range(ROUNDS + 1):
        for text in texts:
            begun = perf_counter()
            result = pipeline.run([Message(text)], Options())[0]
            answered = perf_counter()
            answer_of(result).model_dump_json()
            taken = {step: ms * 1000 for step, ms in result.timings_ms.items()}
            taken["run, in all"] = (answered - begun) * US
            taken["answer as JSON"] = (perf_counter() - answered) * US
            for step, us in taken.items() if round_ else ():
                runs.setdefault(step, []).append(us)
    print("\n| step | mean us | median us |\n|---|---|---|")
    for step, values in runs.items():
        print(f"| {step} | {statistics.fmean(values):.0f} | {statistics.median(values):.0f} |")


def table(service: Service, texts: list[str]) -> None:
    """Print where the time of the app goes, function by function."""
    app = create_app(service)
    bodies = [json.dumps({"text": text}).encode() for text in texts]
    profiler = cProfile.Profile()
    profiler.enable()
    uvloop.run(pass_through(app, bodies, 1))
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(45)


def main() -> None:
    """Measure one profile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="tiny", choices=("tiny", "twin"))
    parser.add_argument("--language", default="en", help="en, da, ro, zh or all")
    parser.add_argument("--table", action="store_true", help="print a profile by function")
    parser.add_argument("--write-articles", type=Path, help="write the articles as CSV and stop")
    chosen = parser.parse_args()
    if chosen.write_articles:
        cells = [_cells(article) for article in articles()]
        write_rows(chosen.write_articles, cells, list(cells[0]))
        return
    texts = messages(chosen.language)
    begun = perf_counter()
    with opened(chosen.profile) as service:
        print(
            f"profile {chosen.profile}, {chosen.language}, opened in {perf_counter() - begun:.2f} s"
        )
        if chosen.table:
            table(service, texts)
            return
        uvloop.run(measure(service, texts))
        steps(service.pipeline, texts)
    print(f"\n{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MAX_RSS_KB} MB at most")


def _cells(article: Article) -> dict[str, str]:
    return {
        "article_id": article.id,
        "language": article.language,
        "title": article.title,
        "body": article.body,
    }


if __name__ == "__main__":
    main()
