"""The servers that are measured: how each is started, asked and checked."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.serving.articles import write_help_centre
from tests.benchmarks.serving.bundle import write_bundle
from tests.benchmarks.serving.children import HOST, NotMeasuredError
from tests.benchmarks.serving.constant import BYTES
from tests.benchmarks.serving.peer import executable, model_folder
from triage.settings import CHECKOUT, PREFIX

TRIAGE = [sys.executable, "-c", "from triage.cli import main; main()"]
"""What the command ``triage`` of this checkout runs."""
TASKS = 3
OURS = {"tiny": "ours, tiny", "twin": "ours, twin"}
RIVALS = {
    "constant": "constant route",
    "naive": "SentenceTransformer + 3 heads",
    "infinity": "infinity-emb",
    "infinity-bf16": "infinity-emb, bf16",
}
TITLES = OURS | RIVALS
ORDER = ("tiny", "constant", "naive", "infinity", "infinity-bf16", "twin")
"""Ours comes first: the length of its answers is that of the constant."""
Told = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Start:
    """How to start a server.

    Args:
        command: Without the port.
        env: The whole environment.
        path: Of the route that is asked.
        shape: Makes a request body of a text.
        check: Raises where an answer is not what was asked for; tells figures of it.
        port: The option that takes the port.
    """

    command: Sequence[str]
    env: Mapping[str, str]
    path: str
    shape: Callable[[str], object]
    check: Callable[[bytes], Told]
    port: str = "--port"

    def at(self, port: int) -> list[str]:
        """Write the command of a server on a port."""
        return [*self.command, self.port, str(port)]


def clean_env() -> dict[str, str]:
    """Take over the environment without settings of ours; everybody computes on one thread."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return kept | {
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(CHECKOUT),
    }


class Starts:
    """Prepares what servers need, once a run.

    Args:
        home: Folder of the environments that other servers need.
        scratch: Folder of this run: help centre, homes, bodies.
        build: Whether a missing environment is built.
    """

    def __init__(self, home: Path, scratch: Path, *, build: bool) -> None:
        self._home, self._scratch, self._build = home, scratch, build

    def of(self, name: str, reply_bytes: Callable[[], int]) -> Start:
        """Tell how to start a server by its name.

        Raises:
            NotMeasuredError: When it cannot be run here.
        """
        if name in OURS:
            return self.ours(name, None)
        if name.startswith("infinity"):
            return self._infinity("bfloat16" if name.endswith("bf16") else "float32")
        module = f"tests.benchmarks.serving.{name}:create_app"
        quiet = ["--log-level", "warning", "--no-access-log"]
        command = [sys.executable, "-m", "uvicorn", "--factory", module, *quiet]
        env = clean_env()
        if name == "constant":
            env[BYTES] = str(reply_bytes())
        check = _check_naive if name == "naive" else _check_nothing
        return Start(command, env, "/v1/classify", _text, check)

    def ours(self, profile: str, database: str | None) -> Start:
        """Tell how to start ours over a fresh store with the help centre imported."""
        data = self._scratch / "data"
        if not data.is_dir():
            write_help_centre(data)
            write_bundle(self._scratch / "bundle")
        home = self._scratch / f"home-{profile}"
        shutil.rmtree(home, ignore_errors=True)
        env = clean_env() | {"TRIAGE_HOME": str(home), "TRIAGE_DATA": str(data)}
        if database:
            env["TRIAGE_DATABASE_URL"] = database
        self._import(env, data / "articles")
        bundle = str(self._scratch / "bundle")
        command = [*TRIAGE, "serve", "--host", HOST, "--profile", profile, "--bundle", bundle]
        return Start(command, env, "/v1/classify", _text, check_ours)

    def _import(self, env: Mapping[str, str], folder: Path) -> None:
        done = subprocess.run(  # noqa: S603 - fixed words
            [*TRIAGE, "kb", "import", str(folder)],
            env=env, cwd=CHECKOUT, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        if done.returncode:
            raise NotMeasuredError(f"the articles were not imported: {done.stderr.strip()}")

    def _infinity(self, dtype: str) -> Start:
        program = executable(self._home, build=self._build)
        weights = str(model_folder())
        command = [
            str(program), "v2", "--model-id", weights, "--engine", "torch", "--device", "cpu",
            "--dtype", dtype, "--host", HOST, "--log-level", "warning",
        ]  # fmt: skip
        env = clean_env() | {"DO_NOT_TRACK": "1", "INFINITY_ANONYMOUS_USAGE_STATS": "0"}
        env.pop("PYTHONPATH")
        return Start(command, env, "/embeddings", _infinity_body(weights), _check_infinity)


def check_ours(content: bytes) -> Told:
    """Check that all tasks were answered; tell the suggestions and whether it was English."""
    answer = json.loads(content)
    if len(answer["labels"]) != TASKS:
        raise NotMeasuredError(f"{len(answer['labels'])} tasks answered, not {TASKS}")
    suggested = len(answer["suggestions"])
    return {"suggestions": suggested, "english": float(answer["language"]["code"] == "en")}


def _check_naive(content: bytes) -> Told:
    if len(json.loads(content)) != TASKS:
        raise NotMeasuredError("the naive service did not answer all tasks")
    return {}


def _check_infinity(content: bytes) -> Told:
    if not json.loads(content)["data"][0]["embedding"]:
        raise NotMeasuredError("infinity-emb gave no embedding")
    return {}


def _check_nothing(content: bytes) -> Told:
    del content
    return {}


def _text(text: str) -> object:
    return {"text": text}


def _infinity_body(weights: str) -> Callable[[str], object]:
    model = "/".join(Path(weights).parts[-2:])
    return lambda text: {"model": model, "input": [text]}
