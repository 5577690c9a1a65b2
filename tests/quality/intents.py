"""Print accuracy and calibration on banking77, each encoder beside TF-IDF + logistic regression.

Run: ``TRIAGE_DATASETS=... python tests/quality/intents.py [ENCODER...]``. One stratified fifth of
the rows is the test part, the same for every line; nothing is chosen on it.
"""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from training.config import Columns, FitConfig
from training.metrics import expected_calibration_error
from training.run import Prepared, fit_examples, prepare
from triage.settings import load_settings

TASK = "intent"


def baseline(prepared: Prepared) -> tuple[float, float, float]:
    """Return accuracy, macro-F1 and ECE of word TF-IDF with logistic regression (C=10)."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    model = LogisticRegression(C=10, max_iter=1000)
    model.fit(vectorizer.fit_transform(prepared.train.texts), prepared.train.labels[TASK])
    given = model.predict_proba(vectorizer.transform(prepared.test.texts))
    truth = np.asarray(prepared.test.labels[TASK])
    top = model.classes_[given.argmax(axis=1)]
    right = np.asarray(top == truth)
    macro = float(f1_score(truth, top, average="macro"))
    return float(right.mean()), macro, expected_calibration_error(given.max(axis=1), right)


def main() -> None:
    """Print the table."""
    file = Path(os.environ["TRIAGE_DATASETS"]) / "banking77" / "messages.csv.gz"
    columns = Columns(text="text", labels={TASK: "intent"})
    settings = load_settings()
    prepared = prepare(FitConfig((file,), columns), lambda _: None)
    rows = f"{len(prepared.train)} rows to train, {len(prepared.test)} to test"
    print(f"banking77, {rows}; seconds: fit with cross-validation\n")
    print("| features | chosen | accuracy | macro-F1 | ECE | seconds |\n|---|---|---|---|---|---|")
    begun = perf_counter()
    accuracy, macro, ece = baseline(prepared)
    cells = f"{accuracy:.3f} | {macro:.3f} | {ece:.3f} | {perf_counter() - begun:.0f}"
    print(f"| TF-IDF + logistic regression | word 1-2, C=10 | {cells} |", flush=True)
    for encoder in sys.argv[1:] or ("static", "minilm", "twin"):
        with TemporaryDirectory() as folder:
            config = FitConfig((file,), columns, encoder, out=Path(folder), only=True)
            metrics = fit_examples(prepared, config, settings, "", lambda _: None).metrics
        table = metrics["candidates"][TASK]
        for profile, tasks in metrics["profiles"].items():
            report = tasks[TASK]
            print(
                f"| {encoder}, profile {profile} | {max(table, key=table.get)} | "
                f"{report['accuracy']:.3f} | {report['macro_f1']:.3f} | {report['ece']:.3f} | "
                f"{metrics['seconds']['fit']:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
