"""Exports beside their models: agreement, fallbacks, prefixes, and names of the hub."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from tests.builders import examples_of
from tests.training.tiny_transformer import write_tiny_transformer
from training.agreement import Agreement, compare_labels, compare_vectors, judged_rows
from training.card import _encoder
from training.encoder_files import PACKAGED, model_sha256
from training.encoders import exported_folder, notes_of, resolve_for
from training.export_onnx import (
    Judge,
    Log,
    _agreeing,
    export,
    export_judged,
    full_rows,
    load_source,
)
from training.onnx_graph import FULL, INT8, TABLES, Source, write_graph, write_tokenizer
from triage.encoders.base import Vectors
from triage.encoders.folder import META
from triage.encoders.onnx import MODEL, TOKENIZER, OnnxEncoder
from triage.errors import EncoderError
from triage.settings import Settings

TEXTS = ("my order is late", "login does not work", "invoice wrong", "<pad> order [MASK] login")
GOOD = Agreement(4, 0.99, 0.98, {"kind": 0.99})
FAR = Agreement(4, 0.5, 0.1)
ROWS = examples_of(
    [
        {"text": f"my {word} is {state}" + " my" * i, "kind": word}
        for i in range(10)
        for state in ("late", "wrong")
        for word in ("order", "invoice", "login")
    ],
    ["kind"],
)


class Named:
    """An encoder that gives fixed rows by text."""

    name, dim, fingerprint, space = "named", 2, "f", "s"

    def __init__(self, rows: dict[str, Vectors]) -> None:
        self.known = rows

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Look rows up."""
        return np.stack([self.known[text] for text in texts])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the tiny model once."""
    return write_tiny_transformer(tmp_path_factory.mktemp("tiny") / "bert")


@pytest.fixture(scope="module")
def asking(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the tiny model and let it want a prefix, as the e5 family does."""
    folder = tmp_path_factory.mktemp("asking") / "model"
    shutil.copytree(model, folder)
    set_prompts(folder, {"query": "order: ", "document": "invoice: "})
    return folder


def set_prompts(folder: Path, prompts: dict[str, str]) -> None:
    """Write prompts into the model's own settings."""
    path = folder / "config_sentence_transformers.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {"prompts": prompts}), encoding="utf-8")


@pytest.mark.parametrize(
    ("figures", "word"),
    [(FAR, "mean cosine 0.500"), (Agreement(9, 0.99, 0.9, {"kind": 0.9}), "90 % of the labels")],
)
def test_poor_agreement_says_what_is_low(figures: Agreement, word: str) -> None:
    """Vectors that turned away, and heads that notice."""
    assert word in figures.poor()
    assert not GOOD.poor()


@pytest.fixture(scope="module")
def source(model: Path) -> Source:
    """Load the tiny model."""
    return load_source(str(model))


@pytest.fixture(scope="module")
def full(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the unquantised graph once, which takes longest."""
    path = tmp_path_factory.mktemp("full") / "full.onnx"
    write_graph(source, None, path)
    return path


@pytest.fixture(scope="module")
def exported(source: Source, full: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export the tiny model once."""
    return quantised(source, full, tmp_path_factory.mktemp("out") / "tiny", lambda _: GOOD)


def quantised(source: Source, full: Path, out: Path, judge: Judge, log: Log = print) -> Path:
    """Make an encoder folder of a graph that is written already."""
    out.mkdir(parents=True)
    write_tokenizer(source, out / TOKENIZER)
    _agreeing(source, (full, out), ("tiny", None), judge, log, {})
    return out


def test_model_that_disagrees_at_every_precision_is_refused(
    source: Source, full: Path, tmp_path: Path
) -> None:
    """Each precision is nearer to the model than the one before; when none will do, it is told."""
    wanted = full_rows(source, None, TEXTS)
    lines, cosines = list[str](), list[float]()

    def judge(encoder: OnnxEncoder) -> Agreement:
        cosines.append(compare_vectors(wanted, encoder.encode(TEXTS)).cosine_mean)
        return FAR

    with pytest.raises(EncoderError, match=r"another encoder than the model.*mean cosine 0\.500"):
        quantised(source, full, tmp_path / "tiny", judge, lines.append)

    assert [line.split(" is ")[0] for line in lines] == [
        f"tiny in {precision}" for precision in (INT8, TABLES, FULL)
    ]
    assert 0.97 < cosines[0] <= cosines[1] <= cosines[2]
    assert cosines[2] == pytest.approx(1, abs=1e-5)


def test_refused_export_leaves_nothing(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stops an export, no folder stands under its name or beside it."""

    def broken(_: int) -> object:
        raise RuntimeError

    monkeypatch.setattr(source.model, "forward", broken)

    with pytest.raises(EncoderError, match="cannot be exported"):
        export(source, tmp_path / "out" / "tiny", name="tiny", space=None, probes=())

    assert not list((tmp_path / "out").iterdir())


def test_poor_export_falls_back_to_a_better_one(source: Source, full: Path, tmp_path: Path) -> None:
    """A precision that is refused gives way to the next, and the folder says which it has."""
    answers = iter([FAR, GOOD])

    out = quantised(source, full, tmp_path / "tiny", lambda _: next(answers))

    assert notes_of(out)["precision"] == TABLES
    assert notes_of(out)["agreement_with_fp32"] == GOOD.content()


def test_labels_of_heads_are_compared() -> None:
    """Held rows whose vector moved to the other label count as unlike."""
    rows = judged_rows(ROWS, seed=0)
    places = {"order": (1.0, 0.0), "invoice": (0.0, 1.0), "login": (-1.0, 0.0)}
    known = {
        text: np.asarray(places[kind], np.float32)
        for text, kind in zip(ROWS.texts, ROWS.labels["kind"], strict=True)
    }
    wanted = np.stack([known[text] for text in rows.held.texts])
    moved = wanted.copy()
    moved[:3] = -moved[:3][:, ::-1]

    same = compare_labels(wanted, Named(known), rows)
    other = compare_labels(moved, Named(known), rows)

    assert len(rows.held) == 15
    assert not set(rows.held.texts) & set(rows.fitted.texts)
    assert same.labels == {"kind": 1.0}
    assert other.labels == {"kind": pytest.approx(12 / 15)}


def test_task_of_one_label_is_not_compared() -> None:
    """There is no head to compare; the vectors still are."""
    rows = judged_rows(examples_of([{"text": f"t{i}", "kind": "a"} for i in range(8)], ["kind"]), 0)
    known = {f"t{i}": np.asarray([1.0, 0.0], np.float32) for i in range(8)}

    found = compare_labels(Named(known).encode(rows.held.texts), Named(known), rows)

    assert (found.labels, found.cosine_min) == ({}, 1.0)


def test_export_stands_while_it_agrees_on_other_rows(
    source: Source, exported: Path, tmp_path: Path
) -> None:
    """Other rows judge the same files anew; a fallback that other rows asked for is redone."""
    out, lines, rows = tmp_path / "tiny", list[str](), judged_rows(ROWS, 1)
    shutil.copytree(exported, out)
    first = OnnxEncoder.load(out).fingerprint

    export_judged(source, out, name="tiny", rows=rows, log=lines.append)
    stamp = (out / MODEL).stat().st_mtime_ns
    meta = json.loads((out / META).read_text(encoding="utf-8"))
    (out / META).write_text(json.dumps(meta | {"precision": TABLES}), encoding="utf-8")
    export_judged(source, out, name="tiny", rows=rows, log=lines.append)

    assert stamp == (exported / MODEL).stat().st_mtime_ns != (out / MODEL).stat().st_mtime_ns
    assert notes_of(out)["agreement_rows"] == rows.fingerprint()
    assert notes_of(out)["precision"] == INT8
    assert OnnxEncoder.load(out).fingerprint == first
    assert not lines


def test_prefix_comes_from_the_model_and_is_served(
    asking: Path, full: Path, tmp_path: Path
) -> None:
    """The prompt of a query stands before every text, in the file that serving hashes."""
    source = load_source(str(asking))
    out = quantised(source, full, tmp_path / "asking", lambda _: GOOD)

    encoder = OnnxEncoder.load(out)
    wanted = np.asarray(
        source.model.encode(list(TEXTS[:3]), prompt_name="query", normalize_embeddings=True)
    )
    bare = np.asarray(source.model.encode(list(TEXTS[:3]), prompt="", normalize_embeddings=True))
    found = encoder.encode(TEXTS[:3])

    assert notes_of(out)["prefix"] == "order: "
    assert (found * wanted).sum(axis=1).min() > 0.99
    assert (found * bare).sum(axis=1).max() < 0.98
    assert np.isfinite(encoder.encode(TEXTS)).all()


def test_prompts_are_part_of_the_model(model: Path, asking: Path, tmp_path: Path) -> None:
    """A model whose prompts or weights changed is exported anew."""
    names = {exported_folder(str(folder), tmp_path).name for folder in (model, asking)}

    assert len(names) == 2
    assert model_sha256(model) != model_sha256(asking)


def test_default_prompt_comes_first(asking: Path, tmp_path: Path) -> None:
    """What the model does by itself goes before what its names suggest."""
    folder = tmp_path / "model"
    shutil.copytree(asking, folder)
    set_prompts(folder, {"query": "order: ", "classification": "login: "})

    chosen = load_source(str(folder))

    assert chosen.prefix == "login: "
    path = folder / "config_sentence_transformers.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {"default_prompt_name": "query"}), encoding="utf-8")
    assert load_source(str(folder)).prefix == "order: "


def test_prompt_outside_the_pooling_is_refused(asking: Path, tmp_path: Path) -> None:
    """ONNX cannot leave the prompt out of the mean, so the model is not exported wrong."""
    model = SentenceTransformer(str(asking), device="cpu")
    model[1].include_prompt = False
    model.save(str(tmp_path / "model"))

    with pytest.raises(EncoderError, match="leaves the prompt 'order: ' out"):
        load_source(str(tmp_path / "model"))


def test_hub_name_is_found_without_a_connection(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model fetched earlier is exported offline; once exported it needs no source any more."""
    hub = tmp_path / "hub"
    cached = hub / "models--org--Tiny_Model"
    shutil.copytree(model, cached / "snapshots" / "abc")
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("abc", encoding="utf-8")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(hub))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    settings, lines = Settings(home=tmp_path), list[str]()

    found = resolve_for("org/Tiny_Model", settings, ROWS, 0, lines.append)
    shutil.rmtree(cached)
    later = resolve_for("org/Tiny_Model", settings, ROWS, 1, lines.append)

    assert list(found.inside) == ["tiny-model"]
    assert found.notes["source"]["name"] == "org/Tiny_Model"
    assert later.encoders.space == found.encoders.space
    assert "out of reach" in lines[-1]
    with pytest.raises(EncoderError, match=f"no sentence-transformers model.*{PACKAGED}"):
        resolve_for("org/Never_Seen", settings, ROWS, 0, lines.append)


def test_too_few_rows_leave_the_probes(model: Path, exported: Path, tmp_path: Path) -> None:
    """Where no row can be held the export is taken as the built-in texts judged it."""
    few = ROWS.take(np.arange(3))
    shutil.copytree(exported, exported_folder(str(model), tmp_path / "encoders"))

    found = resolve_for(str(model), Settings(home=tmp_path), few, 0, lambda _: None)

    assert found.notes["agreement_with_fp32"] == GOOD.content()


def test_card_tells_of_encoder_and_tuning() -> None:
    """Precision, prefix, agreement and both accuracies are said in sentences."""
    unit = np.eye(2, dtype=np.float32)
    one = {"rows": 300, "untuned": 0.85, "tuned": 0.875, "fixed": 12, "broken": 3}
    notes = {
        "name": "e5-tuned",
        "source": {"name": "org/e5, fine-tuned"},
        "precision": INT8,
        "prefix": "query: ",
        "agreement_with_fp32": compare_vectors(unit, unit, {"kind": 0.98}).content(),
        "finetune": {"kept": "tuned", "reason": "", "tasks": {"kind": one}},
    }

    text = "\n".join(_encoder(notes))

    assert "org/e5, fine-tuned in int8, with `query: ` before every text" in text
    assert "labels of kind alike 0.980" in text
    assert "accuracy 0.850 untuned, 0.875 tuned; 12 rows put right, 3 broken" in text
    assert _encoder({}) == []
