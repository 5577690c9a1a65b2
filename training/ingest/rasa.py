"""Training messages of Rasa: the ``nlu`` part of its YAML.

Marks of entities, ``[Oslo](city)`` and ``[Oslo]{"entity": "city"}``, are taken out. Synonyms,
regular expressions and look-up tables are no messages. The file is read event by event, so that
one intent is in memory at a time and no alias can blow it up.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from training.ingest.records import flatten
from training.ingest.source import Source
from triage.errors import ExportError
from triage.rows import Row, explained

DEFAULTS = {"text": "text"}
DEPTH = 20
_MARK = re.compile(r"\[([^\[\]]+)\](?:\([^()]*\)|\{[^{}]*\}|\[(?:\{[^{}]*\},?\s*)+\])")
_ITEM = re.compile(r"^\s*-\s?(.*)$")


def read(source: Source) -> Iterator[Row]:
    """Yield ``text``, ``intent``, ``intent_group`` (before a ``/``) and the metadata.

    Raises:
        ExportError: When the file is no YAML or no NLU file of Rasa; names the line.
    """
    with explained(source.path), source.open_text(source.path) as stream:
        loader = yaml.CSafeLoader(stream)
        try:
            for item, line in _items(_Events(loader, source.path.name)):
                yield from _examples(item, source.path.name, line)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f", line {mark.line + 1}" if mark else ""
            # The cause would quote what stands there.
            raise ExportError(
                f"{source.path.name}{where}: no valid YAML.",
                fix="Check it with `rasa data validate`.",
            ) from None
        finally:
            loader.dispose()


class _Events:
    """The events of a YAML file, and the values they make up."""

    def __init__(self, loader: yaml.CSafeLoader, name: str) -> None:
        self._loader = loader
        self._name = name

    def next(self) -> Any:  # noqa: ANN401 - events of many classes, told apart by isinstance
        event = self._loader.get_event()
        if isinstance(event, yaml.AliasEvent):
            raise self.wrong(event, "an alias, which NLU files do not need")
        if event is None:
            raise ExportError(f"{self._name}: the file is empty.", fix="Export some intents first.")
        return event

    def wrong(self, event: Any, what: str) -> ExportError:  # noqa: ANN401 - as above
        return ExportError(
            f"{self._name}, line {event.start_mark.line + 1}: {what}.",
            fix="Write it as Rasa's training data format: nlu, then a list of intents.",
        )

    def value(self, event: Any, depth: int = DEPTH) -> Any:  # noqa: ANN401 - as above
        """Build the text, list or mapping that begins with an event."""
        if depth == 0:
            raise self.wrong(event, "nested too deeply")
        if isinstance(event, yaml.ScalarEvent):
            return event.value
        if isinstance(event, yaml.SequenceStartEvent):
            listed = []
            while not isinstance(inner := self.next(), yaml.SequenceEndEvent):
                listed.append(self.value(inner, depth - 1))
            return listed
        mapped = {}
        while not isinstance(inner := self.next(), yaml.MappingEndEvent):
            key = str(self.value(inner, depth - 1))
            mapped[key] = self.value(self.next(), depth - 1)
        return mapped


def _items(events: _Events) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield each entry of ``nlu`` with its line."""
    events.next()
    events.next()
    top = events.next()
    if not isinstance(top, yaml.MappingStartEvent):
        raise events.wrong(top, "no mapping with a key nlu")
    found = False
    while not isinstance(key := events.next(), yaml.MappingEndEvent):
        name, opening = events.value(key), events.next()
        if name != "nlu":
            events.value(opening)
            continue
        found = True
        if not isinstance(opening, yaml.SequenceStartEvent):
            raise events.wrong(opening, "nlu is no list")
        while not isinstance(entry := events.next(), yaml.SequenceEndEvent):
            item = events.value(entry)
            if not isinstance(item, dict):
                raise events.wrong(entry, "an entry of nlu that is no mapping")
            yield item, entry.start_mark.line + 1
    if not found:
        raise events.wrong(top, "no key nlu")


def _examples(item: dict[str, Any], name: str, line: int) -> Iterator[Row]:
    if "intent" not in item:
        return
    intent, examples = item["intent"], item.get("examples", "")
    if not isinstance(intent, str) or not isinstance(examples, str | list):
        raise ExportError(
            f"{name}, the intent of line {line}: its name is no text, or its examples no list.",
            fix="Check it with `rasa data validate`.",
        )
    shared = item.get("metadata")
    labels = {"intent": intent, "intent_group": intent.partition("/")[0]}
    if isinstance(examples, str):
        texts = [found[1] for found in map(_ITEM.match, examples.splitlines()) if found]
        long: list[dict[str, Any]] = [{"text": text} for text in texts]
    else:
        long = [one for one in examples if isinstance(one, dict) and "text" in one]
        if len(long) != len(examples):
            raise ExportError(
                f"{name}, the intent of line {line}: an example without text.",
                fix="Give every example of the long form a key text.",
            )
    for one in long:
        noted = {"metadata": {**_mapping(shared), **_mapping(one.get("metadata"))}}
        listed = _ITEM.match(str(one["text"]).strip())
        text = listed[1] if listed else str(one["text"])
        yield {**flatten(noted), **labels, "text": _MARK.sub(r"\1", text).strip()}


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
