"""The library of canned responses that agents pick from and fill."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from triage.errors import ConfigError
from triage.suggest.voice.files import ResponseText, parsed, read_toml
from triage.suggest.voice.templates import Template, compiled

MAX_RESPONSES = 500
"""Most responses of one language."""


@dataclass(frozen=True, slots=True, eq=False)
class CannedResponse:
    """A prepared reply with placeholders.

    Args:
        id: The same in every language.
        language: Code of the language.
        title: What agents see in the list.
        template: The text.
    """

    id: str
    language: str
    title: str
    template: Template

    @property
    def text(self) -> str:
        """The text with its placeholders as they are written."""
        return self.template.source

    @property
    def placeholders(self) -> tuple[str, ...]:
        """What has to be filled, in the order of the text."""
        return self.template.names

    def fill(self, values: Mapping[str, str]) -> str:
        """Write the reply.

        Raises:
            InputError: When a placeholder has no value; it is named.
        """
        return self.template.fill(values)


def load_responses(folder: Path) -> tuple[CannedResponse, ...]:
    """Read the library of every language, by language and title; without a folder it is empty.

    Raises:
        ConfigError: When a file is broken; the error names file and key.
    """
    found = [one for path in sorted(folder.glob("*.toml")) for one in _of_language(path)]
    return tuple(sorted(found, key=lambda one: (one.language, one.title.casefold())))


def _of_language(path: Path) -> list[CannedResponse]:
    content = read_toml(path)
    if len(content) > MAX_RESPONSES:
        raise ConfigError(f"{path.name}: more than {MAX_RESPONSES} canned responses.")
    out = []
    for name, table in content.items():
        where = f"{path.name}, key {name}"
        if not isinstance(table, Mapping):
            raise ConfigError(f"{where}: a canned response is a table.", fix=f"Write [{name}].")
        text = parsed(ResponseText, table, where)
        template = compiled(text.text, f"{where}.text")
        out.append(CannedResponse(name, path.stem, text.title, template))
    return out
