"""Roles of the console, each a set of scopes; a key opens the role whose scopes it all has."""

from typing import Literal, get_args

from triage.access.keys import BEYOND_BRANDS, SCOPES
from triage.domain import Scope
from triage.errors import InputError

Role = Literal["agent", "lead", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)

_AGENT: frozenset[Scope] = frozenset({"classify", "suggest", "feedback", "kb:read"})
_LEAD: frozenset[Scope] = _AGENT | {"kb:write", "models:read"}
_SCOPES: dict[Role, frozenset[Scope]] = {
    "agent": _AGENT,
    "lead": _LEAD,
    "admin": frozenset(SCOPES),
}


def scopes_of_role(role: Role, brand: str | None) -> frozenset[Scope]:
    """Return what a role may do; one of a single brand does nothing that acts on all brands."""
    return _SCOPES[role] - BEYOND_BRANDS if brand is not None else _SCOPES[role]


def role_of(scopes: frozenset[str], brand: str | None) -> Role | None:
    """Return the highest role whose scopes somebody has; None where they are not even an agent's.

    A desk's key for ``classify`` alone opens no role: whoever steals it from a script must not be
    able to read messages.
    """
    return next((role for role in reversed(ROLES) if scopes_of_role(role, brand) <= scopes), None)


def read_role(text: str) -> Role:
    """Read the name of a role.

    Raises:
        InputError: When there is none of that name.
    """
    for role in ROLES:
        if role == text:
            return role
    raise InputError(
        f"There is no role {text!r}.", fix=f"Choose from {', '.join(ROLES)}.", field="--role"
    )
