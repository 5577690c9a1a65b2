"""Each export format: what is read from its example, and how the format is found."""

import gzip
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.storage.samples import TEXT, entry
from training.config import Columns
from training.ingest.export import Export, open_export
from training.ingest.formats import FORMATS
from training.ingest.table import read_export
from triage.domain import LabelResult
from triage.rows import Row
from triage.settings import load_settings
from triage.storage.store import Store
from triage.text.language import LanguageIdentifier

EXAMPLES = Path(__file__).parent / "exports"
FOUND = {
    "comprehend.csv": "comprehend",
    "dataset": "dataset",
    "freshdesk.csv": "freshdesk",
    "freshdesk.json": "freshdesk",
    "labelstudio.json": "label-studio",
    "labelstudio_min.json": "label-studio",
    "rasa.yml": "rasa",
    "tickets.csv": "csv",
    "tickets.json": "json",
    "tickets.parquet": "parquet",
    "tickets.xlsx": "excel",
    "zammad.json": "zammad",
    "zammad.ndjson": "zammad",
    "zendesk.csv": "zendesk",
    "zendesk.ndjson": "zendesk",
}


def opened(path: Path | str, text: str = "", **given: str) -> Export:
    """Open an export with these columns."""
    return open_export(EXAMPLES / path, replace(Columns(text, {}), **given))  # type: ignore[arg-type] # names of fields


def column(rows: Sequence[Row], name: str) -> list[str]:
    """Take one column; a missing cell is None's name."""
    return [row.get(name, "(missing)") for row in rows]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Write a journal of three decisions into a home folder."""
    home = tmp_path / "home"
    given = LabelResult("a", 0.9, "automate", None, (), (), "a")
    with Store.open(f"sqlite:///{home / 'triage.db'}") as opened_store:
        entries = [entry(1), entry(2, "second"), entry(2, "second")]
        entries[1].result.labels["category"] = given  # type: ignore[index] # a dict in this sample
        opened_store.journal("redacted", lambda text: text.replace("anna", "***")).append(entries)
    return home


@pytest.mark.parametrize(("name", "expected"), FOUND.items())
def test_format_is_found_from_name_and_content(name: str, expected: str) -> None:
    """Every example is recognised without being told."""
    assert opened(name, "text").format.name == expected


def test_every_format_has_an_example() -> None:
    """No reader is without one; the plain tables and the journal have tests of their own."""
    assert set(FORMATS) - set(FOUND.values()) == {"tsv", "jsonl", "journal"}


def test_examples_are_read_packed_as_well(tmp_path: Path) -> None:
    """A .gz of a text format is found and read like the file itself."""
    for name in ("zendesk.ndjson", "freshdesk.json", "rasa.yml", "comprehend.csv", "zendesk.csv"):
        packed = tmp_path / f"{name}.gz"
        packed.write_bytes(gzip.compress((EXAMPLES / name).read_bytes()))

        assert list(opened(packed).rows()) == list(opened(name).rows())


def test_zendesk_json_gives_what_the_customer_wrote_first() -> None:
    """A public comment of the requester counts, an agent's text and a private one do not."""
    export = opened("zendesk.ndjson")
    rows = list(export.rows())

    assert column(rows, "first_message") == [
        "Where is my parcel?",
        "I would like my money back.",
        "",
    ]
    assert column(rows, "custom_fields.42") == ["shipping", "refund", "(missing)"]
    assert column(rows, "tags") == ["parcel|late", "", "app"]
    assert column(rows, "via.channel") == ["email", "voice", "web"]
    assert "kept inside" not in json.dumps(rows)
    assert (export.columns.subject, export.columns.time) == ("subject", "created_at")
    assert (export.columns.group, export.columns.ids) == ("requester_id", "id")


def test_zendesk_csv_has_the_subject_as_text() -> None:
    """Its dates are read, and its columns keep their names."""
    identifier = LanguageIdentifier(("en", "da"))
    columns = Columns("", {"topic": "Topic [list]"})

    examples = read_export(EXAMPLES / "zendesk.csv", columns, identifier)

    assert examples.texts == ("Where is my parcel?", "I want my money back")
    assert examples.labels["topic"] == ("shipping", "refund")
    assert examples.times == ("2026-03-01T09:00:00+00:00", "2026-03-02T10:30:00+00:00")
    assert examples.groups == ("900", "901")


def test_freshdesk_json_reads_both_its_exports() -> None:
    """HTML is told from text, a ticket an agent began gives the customer's reply."""
    rows = list(opened("freshdesk.json").rows())

    assert column(rows, "first_message") == [
        "I cannot log in",
        "<div>The invoice is <i>wrong</i></div>",
        "Yes please, send it.",
        "1 < 2 coats came",
    ]
    assert [kind.partition("/")[2] for kind in column(rows, "first_message_type")] == [
        "plain",
        "html",
        "plain",
        "plain",
    ]
    assert column(rows, "priority_name") == ["urgent", "low", "medium", "high"]
    assert column(rows, "custom_fields.cf_area")[:2] == ["account", "billing"]
    assert rows[3]["id"] == "4"


def test_freshdesk_csv_brings_its_own_columns() -> None:
    """Ids, dates and requesters are known by their headings."""
    export = opened("freshdesk.csv")

    assert export.columns.ids == "Ticket ID"
    assert (export.columns.time, export.columns.group) == ("Created time", "Contact ID")
    assert column(list(export.rows()), "Type") == ["Incident", "Question"]


def test_zammad_gives_the_first_public_article_of_the_customer() -> None:
    """Agents', internal and the system's articles are none; objects stand under their names."""
    rows = [*opened("zammad.json").rows(), *opened("zammad.ndjson").rows()]

    assert column(rows, "first_message") == [
        "<p>The printer is <b>jammed</b></p>",
        "The screen stays black.",
        "",
        "The card does not open the door.",
    ]
    assert column(rows, "priority") == ["2 normal", "3 high", "1 low", "2 normal"]
    assert column(rows, "requester") == ["600", "601", "602", "603"]


def test_rasa_messages_come_without_marks() -> None:
    """Both forms are read; entities, synonyms, expressions and look-up tables are left out."""
    rows = list(opened("rasa.yml").rows())

    assert column(rows, "text") == [
        "a table in Oslo for four",
        "can I book for tomorrow night",
        "when do you open?",
        "are you open on Sunday?",
    ]
    assert column(rows, "intent") == ["book_table", "book_table", "faq/ask_hours", "faq/ask_hours"]
    assert rows[3]["intent_group"] == "faq"
    assert rows[3]["metadata.sentiment"] == "neutral"


def test_label_studio_settles_annotators() -> None:
    """Truth goes first, then the majority; ties, cancelled answers and regions are no label."""
    rows = list(opened("labelstudio.json", labels={"a": "category", "b": "tree"}).rows())  # type: ignore[arg-type] # a mapping here

    assert column(rows, "category") == ["bug", "billing", "", "billing|bug", ""]
    assert column(rows, "tree") == ["", "", "", "", "a/b|c"]
    assert rows[0]["score"] == "4"
    assert "span" not in rows[3]
    assert column(list(opened("labelstudio_min.json").rows()), "category") == ["bug", "billing|bug"]


def test_dataset_folder_settles_argilla_answers() -> None:
    """Submitted answers count, drafts and suggestions do not; the split is a column."""
    rows = list(opened("dataset").rows())

    assert column(rows, "label") == ["billing", "bug", "", ""]
    assert column(rows, "split") == ["test", "train", "train", "train"]


def test_ids_of_one_split_may_come_back_in_another(tmp_path: Path) -> None:
    """Datasets count each split anew; a single file is read as a dataset when told."""
    for split in ("train", "test"):
        (tmp_path / f"{split}.jsonl").write_text('{"id": 0, "text": "a", "l": "x"}', "utf-8")

    examples = read_export(tmp_path, Columns("", {"l": "l"}), LanguageIdentifier(("en", "da")))

    assert len(set(examples.ids)) == 2
    (row,) = opened(tmp_path / "test.jsonl", format="dataset").rows()
    assert row["split"] == "test"


def test_parquet_labels_get_their_names(tmp_path: Path) -> None:
    """Numbers of a ClassLabel become names, also inside a dataset folder; lists are joined."""
    folder = tmp_path / "set" / "data"
    folder.mkdir(parents=True)
    shutil.copy(EXAMPLES / "tickets.parquet", folder / "validation-0.parquet")

    rows = list(opened("tickets.parquet", "text").rows())

    assert column(rows, "label") == ["bug", "billing", ""]
    assert column(rows, "tags") == ["a|b", "", ""]
    assert column(rows, "when") == ["2026-01-01 00:00:00", "2026-01-02 00:00:00", ""]
    assert column(list(opened(tmp_path / "set").rows()), "split") == ["validation"] * 3


def test_parquet_dates_of_nanoseconds_are_read(tmp_path: Path) -> None:
    """Dates finer than Python's lose their last digits."""
    moments = pa.array([1_767_225_600_000_000_001], pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table({"text": ["a"], "when": moments}), tmp_path / "a.parquet")

    (row,) = opened(tmp_path / "a.parquet", "text").rows()

    assert datetime.fromisoformat(row["when"]) == datetime(2026, 1, 1, tzinfo=UTC)


def test_excel_reads_the_first_sheet_with_rows() -> None:
    """Empty sheets, rows and headings are passed over; numbers and dates read as in a CSV."""
    rows = list(opened("tickets.xlsx", "Body").rows())

    assert column(rows, "Ticket") == ["1", "2"]
    assert column(rows, "Created") == ["2026-03-01T09:00:00", "2026-03-02T00:00:00"]
    assert list(rows[0]) == ["Ticket", "Body", "Queue", "Created"]


def test_comprehend_has_no_header(tmp_path: Path) -> None:
    """The first row is data; where somebody wrote a header and forces the format, it is left."""
    rows = list(opened("comprehend.csv").rows())
    headed = tmp_path / "a.csv"
    headed.write_text("Label,Text\nBUG,it fails\n", encoding="utf-8")

    assert column(rows, "label") == ["BILLING", "BUG", "BILLING|BUG", "BILLING"]
    assert rows[1]["text"] == 'The app says "error" and closes'
    assert opened(headed, "Text").format.name == "csv"
    assert list(opened(headed, format="comprehend").rows()) == [
        {"label": "BUG", "text": "it fails"}
    ]


def test_other_json_is_flattened() -> None:
    """Objects inside objects become columns with dots, lists one cell."""
    rows = list(opened("tickets.json", "body").rows())

    assert column(rows, "route.queue") == ["shipping", "billing"]
    assert (rows[0]["tags"], rows[0]["vip"], rows[0]["score"]) == ("a|b", "true", "1.5")


def test_journal_gives_decisions(store: Path) -> None:
    """The home folder and its file are read; an answer abstained from is no label."""
    rows = list(opened(store).rows())

    assert column(rows, "text") == [TEXT.replace("anna", "***"), "second", "second"]
    assert column(rows, "category")[:2] == ["", "a"]
    assert column(rows, "category.top_label") == ["a", "a", "a"]
    assert rows[0]["category.reason"] == "low_confidence"
    assert len({row["number"] for row in rows}) == 3
    assert list(opened(store / "triage.db").rows()) == rows


def test_journal_of_the_settings(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The word journal stands for the store that the service writes, wherever that is."""
    monkeypatch.setenv("TRIAGE_HOME", str(store))
    monkeypatch.chdir(store)
    export = open_export(Path("journal"), Columns("", {}))

    assert load_settings().home == store
    assert export.format.name == "journal"
    assert len(list(export.rows())) == 3


def test_given_columns_go_before_those_of_the_format() -> None:
    """--text and --subject win; an empty name turns a column off."""
    export = opened("freshdesk.json", "description_text", subject="", time="due_by")

    assert export.columns.text == "description_text"
    assert export.columns.content_type is None
    assert (export.columns.subject, export.columns.time) == ("", "due_by")
    assert export.columns.group == "requester_id"


def test_subject_taken_as_text_stands_once() -> None:
    """A format's subject is not read a second time in front of itself."""
    assert opened("zendesk.csv", "Subject").columns.subject is None


def test_forced_format_needs_no_ending(tmp_path: Path) -> None:
    """A file of any name is read as told."""
    path = tmp_path / "export.txt"
    shutil.copy(EXAMPLES / "tickets.csv", path)

    assert len(list(opened(path, "body", format="csv").rows())) == 2
    assert opened("zendesk.ndjson", "description", format="jsonl").columns.subject is None


def test_columns_of_an_export_are_listed_by_first_sight() -> None:
    """Columns that only some rows have are listed too."""
    assert opened("tickets.csv", "body").names() == ["id", "body", "queue"]
    assert "tree" in opened("labelstudio.json").names()
