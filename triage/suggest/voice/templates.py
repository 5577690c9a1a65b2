"""Canned text with placeholders, compiled once when it is loaded.

Text with nothing but ``{{ name }}`` is cut into parts. All else goes through Jinja2 in its sandbox,
and only where its tree holds nothing but text, placeholders, conditions and a few filters: a
template can neither loop nor call, nor reach into what it is given. What fills a placeholder is
never read as a template.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from triage.errors import ConfigError, InputError

if TYPE_CHECKING:
    from jinja2 import Template as Compiled
    from jinja2.sandbox import SandboxedEnvironment

MAX_SOURCE = 4_000
"""Most characters of one canned text."""
MAX_NODES = 120
"""Most parts of its tree; a deeper one would also exhaust the stack of its compiler."""
FILTERS = ("capitalize", "default", "lower", "title", "trim", "upper")
TESTS = ("defined", "none", "undefined")
_PLAIN = re.compile(r"(?<!\{)\{\{\s{0,20}([A-Za-z_][A-Za-z0-9_]{0,63})\s{0,20}\}\}(?!\})")
_MARK = re.compile(r"\{[{%#]|[}%#]\}")
_OLD = re.compile(r"(?<!\{)\{(name|title|url|language)\}(?!\})")
"""How files of earlier versions wrote placeholders."""


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A canned text that is ready to be filled.

    Args:
        source: As it was written.
        names: Placeholders that it reads.
        parts: Text and placeholders by turns, where that is all there is.
        compiled: The template of the sandbox otherwise.
    """

    source: str
    names: tuple[str, ...]
    parts: tuple[str, ...] = ()
    compiled: "Compiled | None" = None

    def fill(self, values: Mapping[str, str]) -> str:
        """Write the text with its placeholders filled.

        Raises:
            InputError: When a placeholder has no value; it is named.
        """
        if not self.names and self.compiled is None:
            return self.parts[0]
        for name in self.names:
            if name not in values:
                raise InputError(
                    f"The placeholder {name} has no value.", fix="Give one.", field=name
                )
        if self.compiled is not None:
            return self.compiled.render({name: values[name] for name in self.names})
        parts = list(self.parts)
        parts[1::2] = [values[name] for name in parts[1::2]]
        return "".join(parts)


def compiled(source: str, where: str, allowed: Collection[str] | None = None) -> Template:
    """Compile a canned text.

    Args:
        source: The text.
        where: File and key, for errors.
        allowed: Placeholders that it may read; None for any.

    Raises:
        ConfigError: When it is too long or no template, reads a placeholder that is not allowed, or
            holds anything but text, placeholders, conditions and the filters that are allowed.
    """
    if len(source) > MAX_SOURCE:
        raise _refused(where, f"the text is longer than {MAX_SOURCE:,} characters")
    text = _OLD.sub(r"{{ \1 }}", source.strip())
    parts = _PLAIN.split(text)
    if any(_MARK.search(part) for part in parts[::2]):
        template = _in_sandbox(text, where)
    else:
        template = Template(text, tuple(dict.fromkeys(parts[1::2])), tuple(parts))
    strange = [name for name in template.names if allowed is not None and name not in allowed]
    if strange:
        told = ", ".join(sorted(allowed or ())) or "none"
        raise _refused(where, f"there is no placeholder {strange[0]!r} here; there is {told}")
    return template


def _in_sandbox(text: str, where: str) -> Template:
    from jinja2 import TemplateError

    environment = _environment()
    try:
        names = _checked(environment, text, where)
        made = environment.from_string(text)
    except (TemplateError, SyntaxError, ValueError) as error:
        raise _refused(where, f"the text is no template ({error})") from error
    except (RecursionError, MemoryError) as error:
        raise _refused(where, "the text is nested too deeply") from error
    return Template(text, names, (), made)


def _checked(environment: "SandboxedEnvironment", text: str, where: str) -> tuple[str, ...]:
    """Walk the tree of a template and return the placeholders that it reads."""
    from jinja2 import nodes

    # Everything that is not named here is refused: loops, calls, attributes, sums, imports.
    known = (
        *(nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr),
        *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Filter, nodes.Test),
    )
    names: dict[str, None] = {}
    for count, node in enumerate(environment.parse(text).find_all(nodes.Node), start=1):
        if count > MAX_NODES:
            raise _refused(where, f"the text has more than {MAX_NODES} parts")
        if not isinstance(node, known):
            raise _refused(where, f"{type(node).__name__} is not allowed in canned text")
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise _refused(where, f"there is no filter {node.name!r}; there are {list(FILTERS)}")
        if isinstance(node, nodes.Test) and node.name not in TESTS:
            raise _refused(where, f"there is no test {node.name!r}; there are {list(TESTS)}")
        if isinstance(node, nodes.Name):
            names[node.name] = None
    return tuple(names)


@cache
def _environment() -> "SandboxedEnvironment":
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
    )
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.tests = {name: environment.tests[name] for name in TESTS}
    return environment


def _refused(where: str, problem: str) -> ConfigError:
    return ConfigError(f"{where}: {problem}.", fix="See data/README.md.", field=where)
