"""Ground floor: every error this service raises on purpose. Imports nothing of the package.

TriageError                  triage_error         base, never raised itself
├── InputError               invalid_input        a request or a command line is malformed
│   ├── TooLargeError        too_large            a size limit was passed, counted before any work
│   ├── UnknownTaskError     unknown_task         a task that the bundle does not have
│   ├── UnknownLabelError    unknown_label        a label or passage that an answer did not have
│   └── KeyReusedError       key_reused           an Idempotency-Key came with another request
├── ExportError              invalid_export       a labelled file cannot be read or trusted
├── ConfigError              invalid_config       a setting, taxonomy or recipe contradicts itself
├── BundleError              invalid_bundle       a bundle cannot serve what is asked of it
│   ├── BundleNotFoundError  bundle_not_found     no bundle of that name or folder
│   ├── CorruptBundleError   corrupt_bundle       a part is missing or its bytes changed
│   └── AliasMovedError      alias_moved          somebody else moved an alias first
├── EncoderError             invalid_encoder      an encoder is missing, broken or of another space
├── ArticleError             invalid_article      a knowledge-base article cannot be used
│   ├── ArticleNotFoundError article_not_found    no article has that id in that language
│   ├── ChangeNotFoundError  change_not_found     no change or version of articles has that number
│   └── RemovalError         too_many_removed     a source would lose more than half of its articles
├── DecisionNotFoundError    decision_not_found   no recorded decision has that id
├── RequestInFlightError     request_in_flight    the same request is being worked on
├── StoreError               store_unavailable    the store cannot be opened or written
│   └── StoreFullError       store_full           the disk of the store is full
├── OverloadedError          overloaded           the queue is full or the deadline has passed
├── UnauthorizedError        unauthorized         no key was shown, or one that is not valid
├── ForbiddenError           forbidden            the key shown may not do what was asked for
│   ├── MissingScopeError    missing_scope        the key does not have the route's scope
│   └── BrandMismatchError   brand_mismatch       the key belongs to another brand
├── RateLimitedError         rate_limited         the key was used more often than it may be
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


class UnknownLabelError(InputError):
    """A label that the task, or a passage that the answer, does not have."""

    code = "unknown_label"


class KeyReusedError(InputError):
    """An Idempotency-Key came before with another request."""

    code = "key_reused"


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


class ArticleNotFoundError(ArticleError):
    """No article has that id in that language."""

    code = "article_not_found"


class ChangeNotFoundError(ArticleError):
    """No change or version of articles has that number, or it was undone before."""

    code = "change_not_found"


class RemovalError(ArticleError):
    """More than half of a source's articles would be removed, and that was not asked for."""

    code = "too_many_removed"


class DecisionNotFoundError(TriageError):
    """No recorded decision has that id."""

    code = "decision_not_found"


class RequestInFlightError(TriageError):
    """A request with the same Idempotency-Key is being worked on."""

    code = "request_in_flight"


class StoreError(TriageError):
    """The store cannot be opened or written."""

    code = "store_unavailable"


class StoreFullError(StoreError):
    """The disk of the store is full."""

    code = "store_full"


class OverloadedError(TriageError):
    """The queue is full or the deadline has passed; asking again later may succeed."""

    code = "overloaded"


class UnauthorizedError(TriageError):
    """No key was shown, or one that is unknown, expired or revoked."""

    code = "unauthorized"


class ForbiddenError(TriageError):
    """The key shown may not do what was asked for."""

    code = "forbidden"


class MissingScopeError(ForbiddenError):
    """The key does not have the scope that the route needs."""

    code = "missing_scope"


class BrandMismatchError(ForbiddenError):
    """The key belongs to another brand than the one asked for."""

    code = "brand_mismatch"


class RateLimitedError(TriageError):
    """The key was used more often than it may be; asking again later succeeds."""

    code = "rate_limited"


class WorkerError(TriageError):
    """A process that did a part of the work is gone, killed by the system perhaps."""

    code = "worker_lost"


class GateError(TriageError):
    """A measured quality is below what was demanded."""

    code = "gate_failed"
