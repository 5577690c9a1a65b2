"""An article as the store writes it, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from triage.domain import Article

_LATER = ("valid_from", "sources")
"""Fields that came later; left out where they are empty, so that what was stored before is the
same still, and servers of the version before can read what does not use them."""
_DAYS = ("valid_from", "valid_until")


def content_of(article: Article) -> dict[str, Any]:
    """Write an article as JSON."""
    content = asdict(article)
    content["tags"] = list(article.tags)
    for name in _DAYS:
        content[name] = content[name].isoformat() if content[name] else None
    return {
        name: value for name, value in content.items() if name not in _LATER or value is not None
    }


def article_of(content: Mapping[str, Any]) -> Article:
    """Read an article that was written by ``content_of``."""
    days = {name: date.fromisoformat(content[name]) for name in _DAYS if content.get(name)}
    return Article(**{**content, "tags": tuple(content["tags"]), **days})
