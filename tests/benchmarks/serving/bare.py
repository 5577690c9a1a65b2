"""Time the bare ONNX Runtime call: ``-m tests.benchmarks.serving.bare FILE SECONDS``.

FILE has one JSON object ``{"workload": [texts]}``; each text is tokenised beforehand, and only the
run of the graph on one thread is on the clock. Prints the median of each workload, in ms.
"""

import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from triage.settings import CHECKOUT

FOLDER = CHECKOUT / "models/encoders/minilm"
WARM = 20
Feeds = list[dict[str, Any]]


def median_ms(session: Any, feeds: Feeds, seconds: float) -> float:  # noqa: ANN401 - no types
    """Run one text a call for some seconds, at least all of them once; return the median."""
    for feed in feeds[:WARM]:
        session.run(None, feed)
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for feed in feeds:
            begun = time.perf_counter()
            session.run(None, feed)
            times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000


def main(path: str, seconds: str) -> None:
    """Print the medians as JSON."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(FOLDER / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    names = {one.name for one in session.get_inputs()}
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    tokenizer.no_padding()

    def feed(text: str) -> dict[str, Any]:
        ids = np.array([tokenizer.encode(text).ids], np.int64)
        masks = {"attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        return {name: one for name, one in ({"input_ids": ids} | masks).items() if name in names}

    workloads = json.loads(Path(path).read_text(encoding="utf-8"))
    found = {
        name: median_ms(session, [feed(text) for text in texts], float(seconds))
        for name, texts in workloads.items()
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
