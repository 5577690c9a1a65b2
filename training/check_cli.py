"""The command ``triage-train check``."""

import typer
from rich.console import Console

from training.check.report import figures, show
from training.check.survey import survey
from training.options import (
    ContentType,
    Exports,
    FormatName,
    Group,
    JsonFile,
    Labels,
    Language,
    Ordinal,
    Renames,
    Subject,
    TaxonomyFile,
    Text,
    Time,
    columns_of,
)
from training.orders import parse_orders, with_orders
from training.printing import check_target, write_json
from triage.knowledge.finder import LANGUAGES
from triage.labeling.taxonomy import load_taxonomy
from triage.text.language import LanguageIdentifier

QUALITY = 1


def check(
    exports: Exports,
    label: Labels,
    text: Text = None,
    kind: FormatName = None,
    map_: Renames = None,
    subject: Subject = None,
    language: Language = None,
    time: Time = None,
    group: Group = None,
    content_type: ContentType = None,
    taxonomy: TaxonomyFile = None,
    ordinal: Ordinal = None,
    json_: JsonFile = None,
) -> None:
    """Look at exports and say what blocks or weakens a training run."""
    check_target(json_)
    columns = columns_of(text, label, map_, subject, language, time, group, content_type, kind)
    orders = parse_orders(ordinal or [], list(columns.labels))
    fixed = with_orders(load_taxonomy(taxonomy) if taxonomy else None, orders)
    found = survey(exports, columns, fixed, LanguageIdentifier(LANGUAGES))
    # The figures alone belong on standard output where they are asked for there.
    show(found, Console(stderr=json_ == "-", highlight=False))
    write_json(figures(found), json_)
    raise typer.Exit(QUALITY if found.count("blocker") else 0)
