"""Ground floor: every error this service raises on purpose. Imports nothing of the package.

TriageError                  triage_error         base, never raised itself
├── InputError               invalid_input        a request or a command line is malformed
│   ├── TooLargeError        too_large            a size limit was passed, counted before any work
│   └── UnknownTaskError     unknown_task         a task that the bundle does not have
├── ExportError              invalid_export       a labelled file cannot be read or trusted
├── ConfigError              invalid_config       a setting, taxonomy or recipe contradicts itself
├── BundleError              invalid_bundle       a bundle cannot serve what is asked of it
│   ├── BundleNotFoundError  bundle_not_found     no bundle of that name or folder
│   ├── CorruptBundleError   corrupt_bundle       a part is missing or its bytes changed
│   └── AliasMovedError      alias_moved          somebody else moved an alias first
├── EncoderError             invalid_encoder      an encoder is missing, broken or of another space
├── ArticleError             invalid_article      a knowledge-base article cannot be used
├── StoreError               store_unavailable    the store cannot be opened or written
├── OverloadedError          overloaded           the queue is full or the deadline has passed
├── WorkerError              worker_lost          a process that did a part of the work is gone
└── GateError                gate_failed          a measured quality is below what was demanded

Each class owns one stable ``code``. HTTP statuses belong to ``triage.api.errors`` and exit codes to
the command lines. No message ever quotes a customer's text.
"""


class TriageError(Exception):
    """Base of all errors raised on purpose.

    Args:
        problem: What is wrong, naming the thing but never quoting a customer's text.
        fix: What the caller can do about it.
        field: Name of the request field, column or setting at fault.
        row: One-based row of the file at fault, the header not counted.
    """

    code = "triage_error"

    def __init__(
        self, problem: str, *, fix: str = "", field: str = "", row: int | None = None
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix
        self.field = field
        self.row = row

    def __str__(self) -> str:
        """Join what is wrong and what to do, for a terminal or a log line."""
        return f"{self.problem} {self.fix}".strip()


class InputError(TriageError):
    """A request or a command line is malformed."""

    code = "invalid_input"


class TooLargeError(InputError):
    """A size limit was passed; it is counted before any work is done."""

    code = "too_large"


class UnknownTaskError(InputError):
    """A task was asked for that the bundle does not have."""

    code = "unknown_task"


class ExportError(TriageError):
    """A labelled file cannot be read or trusted.

    Args:
        problem: As of every error, like the following.
        fix: What the caller can do about it.
        field: Name of the column at fault.
        row: One-based row of the file at fault, the header not counted.
        blocker: What ``triage-train check`` calls it, where it is one of its blockers.
    """

    code = "invalid_export"

    def __init__(
        self,
        problem: str,
        *,
        fix: str = "",
        field: str = "",
        row: int | None = None,
        blocker: str = "",
    ) -> None:
        super().__init__(problem, fix=fix, field=field, row=row)
        self.blocker = blocker


class ConfigError(TriageError):
    """A setting, a taxonomy or a recipe contradicts itself."""

    code = "invalid_config"


class BundleError(TriageError):
    """A bundle cannot serve what is asked of it."""

    code = "invalid_bundle"


class BundleNotFoundError(BundleError):
    """No bundle has that name or stands in that folder."""

    code = "bundle_not_found"


class CorruptBundleError(BundleError):
    """A part of a bundle is missing or its bytes changed."""

    code = "corrupt_bundle"


class AliasMovedError(BundleError):
    """An alias was moved by somebody else since the caller looked."""

    code = "alias_moved"


class EncoderError(TriageError):
    """An encoder folder is missing, broken or of another vector space."""

    code = "invalid_encoder"


class ArticleError(TriageError):
    """A knowledge-base article cannot be used."""

    code = "invalid_article"


class StoreError(TriageError):
    """The store cannot be opened or written."""

    code = "store_unavailable"


class OverloadedError(TriageError):
    """The queue is full or the deadline has passed; asking again later may succeed."""

    code = "overloaded"


class WorkerError(TriageError):
    """A process that did a part of the work is gone, killed by the system perhaps."""

    code = "worker_lost"


class GateError(TriageError):
    """A measured quality is below what was demanded."""

    code = "gate_failed"
