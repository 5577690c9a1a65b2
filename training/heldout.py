"""Which rows of the public message sets no training step may ever see."""

from hashlib import sha256

from triage.errors import ConfigError

HELD_ONE_IN = 5
"""One row in five of a set without a split of its own is kept for evaluation."""

SETS_WITH_OWN_SPLIT = {"multidogo": "dev"}
"""Sets that name their evaluation rows themselves, with the name of that split."""


def is_held_out(set_name: str, row_id: str, split: str | None = None) -> bool:
    """Tell whether a row is kept for evaluation and so must not be trained on.

    Args:
        set_name: Folder name of the set, such as ``banking77``.
        row_id: The row's ``id``, exactly as the set has it.
        split: The row's ``split`` column; needed for sets that bring their own split.

    Raises:
        ConfigError: When a set with its own split is asked about without it.
    """
    own = SETS_WITH_OWN_SPLIT.get(set_name)
    if own is None:
        digest = sha256(f"{set_name}:{row_id}".encode()).hexdigest()
        return int(digest, 16) % HELD_ONE_IN == 0
    if split is None:
        raise ConfigError(
            f"The set {set_name} brings its own split.", fix="Give the row's split column."
        )
    return split == own


CALIBRATION_ONE_IN = 5


def is_calibration(group: str) -> bool:
    """Tell whether a group of our own messages is kept from tuning encoders.

    A tuned encoder parts the messages it was tuned on better than new ones, so temperatures and
    thresholds fitted on those would promise too much.

    Args:
        group: The industry of a labelled message; the id of one that is no request.
    """
    return int(sha256(group.encode()).hexdigest(), 16) % CALIBRATION_ONE_IN == 0
