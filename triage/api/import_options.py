"""What an import may be asked beside its body."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query

from triage.api.requests import MAX_SHORT
from triage.api.validation import PLAIN
from triage.knowledge.plan import Wish

SourceName = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=MAX_SHORT,
        pattern=PLAIN,
        description="Keep the store in step with this source.",
    ),
]
Default = Annotated[str, Query(max_length=40, description="Language of articles that name none.")]
Prune = Annotated[
    bool, Query(description="Delete articles that are not given, if none is refused.")
]
RemoveMost = Annotated[
    bool, Query(description="Even if more than half of the source's articles are deleted.")
]
DryRun = Annotated[bool, Query(description="Tell what would change, write nothing.")]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How articles are to be taken in; ``language`` is that of articles that name none."""

    language: str
    dry_run: bool
    wish: Wish


# A coroutine, since FastAPI hands plain functions to a thread each.
async def get_options(
    *,
    language: Default = "",
    prune: Prune = False,
    source: SourceName = None,
    remove_most: RemoveMost = False,
    dry_run: DryRun = False,
) -> ImportOptions:
    """Read the options of an import."""
    return ImportOptions(language, dry_run, Wish(source or "", prune, remove_most))


OptionsDep = Annotated[ImportOptions, Depends(get_options)]
