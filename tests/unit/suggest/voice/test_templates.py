"""Canned text is filled, and no template can do anything but be filled."""

from pathlib import Path

import pytest

from tests.unit.suggest.builders import article
from triage.errors import ConfigError, InputError
from triage.suggest.draft import Recipient, compose
from triage.suggest.voice.templates import MAX_NODES, MAX_SOURCE, compiled
from triage.suggest.voice.voices import load_voices

HOSTILE = (
    "{{ 7*7 }}",
    "{{ 7 ** 9999999 }}",
    "{{ 'a' * 999999999 }}",
    "{{ name * 99999 }}",
    "{{ name ~ name }}",
    "{{ name + name }}",
    "{{ name % name }}",
    "{{ -1 }}",
    "{{ name.__class__ }}",
    "{{ name.__class__.__mro__[1].__subclasses__() }}",
    "{{ name['__class__'] }}",
    "{{ name|attr('__class__') }}",
    "{{ ''.__class__.__base__.__subclasses__() }}",
    "{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "{{ ().__class__ }}",
    "{{ [].__class__ }}",
    "{{ {}.__class__ }}",
    "{{ [1, 2] }}",
    "{{ (1, 2) }}",
    "{{ {'a': 1} }}",
    "{{ name[0:5] }}",
    "{{ name.upper() }}",
    "{{ name.format(name) }}",
    "{{ '%s'|format(name) }}",
    "{{ config }}",
    "{{ config.items() }}",
    "{{ self }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ request.application.__globals__ }}",
    "{{ request|attr('application') }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__.os.popen('id').read() }}",
    "{{ namespace.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ lipsum(99999) }}",
    "{{ range(99999999) }}",
    "{{ dict(a=1) }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{{ g.pop.__globals__.__builtins__ }}",
    "{{ __import__('os').system('id') }}",
    "{{ open('/etc/passwd').read() }}",
    "{{ name|center(99999999) }}",
    "{{ name|replace('a', name) }}",
    "{{ name|map('upper')|list }}",
    "{{ name|batch(2) }}",
    "{{ name|pprint }}",
    "{{ name|tojson }}",
    "{{ name|safe }}",
    "{{ name|default(value='x') }}",
    "{{ name is callable }}",
    "{{ caller() }}",
    "{% for x in range(9999999) %}x{% endfor %}",
    "{% for c in name %}{{ c }}{% endfor %}",
    "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{% set x = 1 %}{{ name }}",
    "{% set x %}{% endset %}",
    "{% macro f() %}{{ f() }}{% endmacro %}",
    "{% call name() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with a = name %}{{ a }}{% endwith %}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% from 'os' import system %}",
    "{% extends 'base' %}",
    "{% block a %}{% endblock %}",
    "{% autoescape true %}{{ name }}{% endautoescape %}",
    "{% do name.pop() %}",
    "{% debug %}",
    "{% if name",
    "{{ name",
    "{{ }}",
    "{{{ name }}}",
    "{% endfor %}",
    "{{ stranger }}",
    "{{ name if stranger else name }}",
    "{{ " + "(" * 1_500 + "name" + ")" * 1_500 + " }}",
    "{{ " + "not " * 900 + "name }}",
    "{% if name %}" * 200 + "x" + "{% endif %}" * 200,
    "x" * (MAX_SOURCE + 1),
)


def test_there_are_enough_hostile_templates() -> None:
    """At least sixty, none twice."""
    assert len(set(HOSTILE)) == len(HOSTILE) >= 60


@pytest.mark.parametrize("source", HOSTILE, ids=lambda text: text[:40])
def test_hostile_template_is_refused_when_it_is_loaded(source: str) -> None:
    """It is never run; the error names the file, the key and nothing else."""
    with pytest.raises(ConfigError, match=r"^en\.toml, key greeting: ") as caught:
        compiled(source, "en.toml, key greeting", ("name",))

    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("source", HOSTILE[:75], ids=lambda text: text[:40])
def test_hostile_value_is_text(source: str) -> None:
    """What fills a placeholder is never read as a template, in either kind of template."""
    plain = compiled("Hello {{ name }},", "t")
    sandboxed = compiled("Hello {% if name %}{{ name|trim }}{% endif %},", "t")

    assert plain.fill({"name": source}) == f"Hello {source},"
    assert sandboxed.fill({"name": source}) == f"Hello {source},"


@pytest.mark.parametrize("source", HOSTILE[:60], ids=lambda text: text[:40])
def test_hostile_name_title_and_answer_reach_no_customer(source: str) -> None:
    """No name greets it, and a draft that would hold it is blocked."""
    voice = load_voices(Path("data")).of("en", "kvistholm")
    assert voice
    greeted = compose(article("a", "T", "B"), "Body.", voice, Recipient(source))

    assert greeted.startswith("Hello,")
    assert "{" not in greeted
    assert compose(article("a", "T", "B"), source, voice) == ""
    assert compose(article("a", source, "B", "de"), "B", voice) == ""


def test_plain_text_is_filled_without_the_sandbox() -> None:
    """Placeholders alone need no Jinja; their order and repetition are kept."""
    made = compiled("{{ b }} and {{a}} and {{ b }}", "t")

    assert made.compiled is None
    assert made.names == ("b", "a")
    assert made.fill({"a": "1", "b": "2", "c": "3"}) == "2 and 1 and 2"


def test_conditions_and_filters_work() -> None:
    """What is allowed does what Jinja says."""
    made = compiled("Hi{% if name and name != 'x' %} {{ name|trim|title }}{% endif %}!", "t")

    assert made.fill({"name": " anna "}) == "Hi Anna!"
    assert made.fill({"name": ""}) == "Hi!"
    assert compiled("{{ a|default('b') if a is defined else 'c' }}", "t").fill({"a": "1"}) == "1"


def test_missing_value_is_named() -> None:
    """Nothing is left out silently."""
    for source in ("{{ amount }}", "{% if amount %}{{ amount }}{% endif %}"):
        with pytest.raises(InputError, match="amount"):
            compiled(source, "t").fill({"name": "Anna"})


def test_placeholders_of_earlier_files_are_read() -> None:
    """Single braces around the four names of before mean the same; others are text."""
    made = compiled("{name}: {url} {other}", "t")

    assert made.fill({"name": "A", "url": "U"}) == "A: U {other}"


def test_text_is_not_escaped() -> None:
    """Replies are plain text; whoever shows them in a page escapes them there."""
    made = compiled("{% if name %}{{ name }}{% endif %} & co", "t")

    assert made.fill({"name": "<Ann & Bo>"}) == "<Ann & Bo> & co"


def test_unknown_placeholder_is_named_with_those_there_are() -> None:
    """A typing error is found when the file is loaded."""
    with pytest.raises(ConfigError, match="no placeholder 'nmae' here; there is name"):
        compiled("Hi {{ nmae }}", "t", ("name",))


def test_many_parts_are_refused() -> None:
    """A template is bounded by its parts, not only by its length."""
    with pytest.raises(ConfigError, match=f"more than {MAX_NODES} parts"):
        compiled("{% if a %}x{% endif %}" * 60, "t")
