"""The command ``triage-train report``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from training.evaluate import compare
from training.ingest.table import read_exports
from training.options import (
    Channel,
    ContentType,
    FormatName,
    Labels,
    Language,
    Renames,
    Subject,
    Text,
    Time,
    columns_of,
)
from training.printing import check_target
from training.report.files import facts_of_bundle, files, subject_of_bundle
from training.report.rival import find_rival
from training.report.subject import Rival
from triage.bundle.manifest import REPORT, REPORT_JSON
from triage.bundle.registry import Registry
from triage.bundle.store import Bundle, load_bundle
from triage.errors import ExportError
from triage.knowledge.finder import LANGUAGES
from triage.settings import Settings, load_settings
from triage.text.language import LanguageIdentifier

console = Console(stderr=True, highlight=False)


def report(
    bundle: Annotated[str, typer.Argument(help="Folder, id or alias.")],
    export: Annotated[Path, typer.Argument(help="Labelled rows that it was not trained on.")],
    label: Labels,
    text: Text = None,
    kind: FormatName = None,
    map_: Renames = None,
    subject: Subject = None,
    language: Language = None,
    time: Time = None,
    content_type: ContentType = None,
    channel: Channel = None,
    profile: Annotated[str | None, typer.Option(help="Profile, such as twin or tiny.")] = None,
    against: Annotated[str, typer.Option(help="Bundle to compare with, or none.")] = "champion",
    out: Annotated[Path, typer.Option(help="The page; its JSON is put beside it.")] = Path(REPORT),
) -> None:
    """Write the report of a bundle on labelled rows as one page that opens offline."""
    for path in (out, out.with_suffix(".json")):
        check_target(str(path), "--out")
    columns = columns_of(
        text, label, map_, subject, language, time, None, content_type, kind, channel
    )
    settings = load_settings()
    loaded = load_bundle(Registry(settings.home, settings.models).find(bundle), settings.encoders)
    rival = _rival(settings, loaded, against)
    chosen = loaded.profile(profile)
    examples = read_exports([export], columns, LanguageIdentifier(LANGUAGES))
    for line in compare(examples, loaded.manifest.taxonomy):
        console.print(f"warning: {line}", markup=False)
    about = subject_of_bundle(loaded, chosen, examples)
    _write(out, files(about, facts_of_bundle(loaded, about, settings.encoders), rival))


def _rival(settings: Settings, loaded: Bundle, against: str) -> Rival:
    if against == "none":
        return Rival(missing="No comparison was asked for.")
    return find_rival(settings, loaded.id, name=against)


def _write(out: Path, written: Mapping[str, bytes]) -> None:
    for path, name in ((out, REPORT), (out.with_suffix(".json"), REPORT_JSON)):
        try:
            path.write_bytes(written[name])
        except OSError as error:
            raise ExportError(
                f"{path}: cannot be written ({error.strerror}).",
                fix="Make room there, or choose another place with --out.",
                field="--out",
            ) from error
        console.print(str(path), markup=False)
