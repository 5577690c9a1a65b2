"""Run one peer in an environment of its own: ``-m tests.benchmarks.quality.worker PEER IN OUT``."""

import json
import sys
from pathlib import Path

from tests.benchmarks.quality.peers import PEERS
from tests.benchmarks.quality.protocol import Question, answer


def main() -> None:
    """Answer the question of one file in another."""
    name, source, target = sys.argv[1:]
    peer, question = PEERS[name], Question.read(Path(source))
    found = answer(lambda: peer.fit(question), question, peer.packages)
    Path(target).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
