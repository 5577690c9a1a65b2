"""The pages of the console in the order of the navigation; one line adds a page.

A page needs in each language a sentence ``nav.NAME``, and in ``icons.html`` a picture ``NAME``.
"""

from dataclasses import dataclass

from fastapi import APIRouter

from triage.domain import Scope


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A page of the navigation.

    Args:
        name: Of its sentence and picture.
        path: Where it begins.
        scope: Who sees it in the navigation; its routes say it for themselves.
        key: The letter that leads there after ``g``.
        router: Its routes.
    """

    name: str
    path: str
    scope: Scope
    key: str
    router: APIRouter
