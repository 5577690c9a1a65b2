"""The command line ``triage``: serve, classify, demo, kb, keys, accounts, models, store."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from triage.accounts_cli import app as accounts_app
from triage.bundle.registry import Registry
from triage.bundle.store import load_bundle
from triage.demo_cli import demo
from triage.domain import Message, Options
from triage.errors import InputError
from triage.kb_cli import build_app
from triage.keys_cli import app as keys_app
from triage.memory import uncollected
from triage.models_cli import app as models_app
from triage.pipeline import Pipeline
from triage.predictions import MessageColumns
from triage.settings import Settings, load_settings
from triage.shell import run
from triage.store_cli import app as store_app
from triage.text.language import LanguageIdentifier

if TYPE_CHECKING:  # the database takes a while to import
    from triage.storage.articles import ArticleRepository

app = typer.Typer(
    help="Label help-desk messages and suggest replies.", no_args_is_help=True, add_completion=False
)
console = Console(stderr=True, highlight=False)

ProfileName = Annotated[str | None, typer.Option(help="Profile, such as twin or tiny.")]


@app.command(epilog="Example: triage serve --port 8000 --profile tiny")
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    profile: ProfileName = None,
    bundle: Annotated[str | None, typer.Option(help="Folder, id or alias of a bundle.")] = None,
) -> None:
    """Serve the API; settings come from TRIAGE_* variables and these options."""
    with uncollected():
        from triage.api.app import serve as run_server

    settings = load_settings(host=host, port=port, profile=profile, bundle=bundle)
    console.print(WELCOME.format(host=settings.host, port=settings.port), markup=False)
    run_server(settings)


WELCOME = """Loading; once it says it is ready, try:

  curl http://{host}:{port}/v1/classify -H 'content-type: application/json' \\
    -d '{{"text": "My parcel should have come on Monday. Where is it?"}}'

The agents' console is at http://{host}:{port}/console/ and the documentation of the API at
http://{host}:{port}/docs
"""


@app.command(
    epilog="Example: triage classify --file messages.csv --text text --out labelled.csv, "
    'or: triage classify "Where is my parcel?"'
)
def classify(
    message: Annotated[str | None, typer.Argument(help="One message to label.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="CSV, TSV, JSONL or Parquet of messages.")
    ] = None,
    text: Annotated[str, typer.Option(help="Column of the message.")] = "text",
    subject: Annotated[str | None, typer.Option(help="Column of the subject.")] = None,
    content_type: Annotated[
        str | None, typer.Option(help="Column with text/plain or text/html.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Column of the language code.")] = None,
    suggestions: Annotated[int, typer.Option(min=0, max=10, help="Articles per message.")] = 0,
    bundle: Annotated[str | None, typer.Option(help="Folder, id or alias of a bundle.")] = None,
    profile: ProfileName = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the labelled table.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; all cores if unset.")
    ] = None,
    restart: Annotated[bool, typer.Option(help="Begin anew where a run was cut short.")] = False,
) -> None:
    """Label one message, or every row of a file, without a server."""
    settings = load_settings(profile=profile, bundle=bundle)
    if message is not None and file is None:
        with _pipeline(settings, suggestions) as pipeline:
            _print_answer(pipeline, message, suggestions)
        return
    if file is None or out is None or message is not None:
        raise InputError(
            "Give one message, or --file with --out.", fix="See triage classify --help."
        )
    from triage.bulk.run import Order, label_file

    columns = MessageColumns(text, subject, content_type, language)
    label_file(Order(file, columns, out, suggestions, workers, restart), settings, console)


def _print_answer(pipeline: Pipeline, message: str, suggestions: int) -> None:
    from triage.api.schemas import answer_of

    options = Options(suggestions=suggestions, explain=True)
    result = pipeline.run([Message(text=message)], options)[0]
    typer.echo(json.dumps(answer_of(result).model_dump(), ensure_ascii=False, indent=2))


@contextmanager
def _pipeline(settings: Settings, suggestions: int) -> Iterator[Pipeline]:
    """Open the labelling alone, or with the knowledge base where articles are asked for."""
    if suggestions:
        from triage.service import Service

        service = Service.open(settings)
        try:
            yield service.pipeline
        finally:
            service.close()
        return
    registry = Registry(settings.home, settings.models)
    folder = registry.find(settings.bundle)
    bundle = load_bundle(folder, settings.encoders, settings.profile)
    identifier = LanguageIdentifier(bundle.manifest.languages)
    yield Pipeline(bundle, bundle.profile(settings.profile), identifier)


@contextmanager
def _articles() -> "Iterator[ArticleRepository]":
    from triage.storage.store import Store

    with Store.open(load_settings().store_url) as store:
        yield store.articles


app.command(epilog="Example: triage demo && TRIAGE_HOME=.triage/demo triage serve")(demo)
app.add_typer(build_app(_articles))
app.add_typer(models_app)
app.add_typer(keys_app)
app.add_typer(accounts_app)
app.add_typer(store_app)


def main() -> None:
    """Run the command line; ``triage.shell`` says what the exit codes mean."""
    run(app, console)
