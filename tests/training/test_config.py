"""What a run is asked to do."""

import pytest

from training.config import Columns, Precision, parse_pairs, parse_renames
from triage.errors import InputError


@pytest.mark.parametrize("value", ["category", "=column", "category=", "=", ""])
def test_malformed_pair_is_refused(value: str) -> None:
    """A pair needs a task and a column; the option is named."""
    with pytest.raises(InputError, match="--label") as caught:
        parse_pairs("--label", [value])

    assert caught.value.field == "--label"


def test_task_given_twice_is_refused() -> None:
    """One task cannot come from two columns."""
    with pytest.raises(InputError, match="twice"):
        parse_pairs("--label", ["a=x", "a=y"])


@pytest.mark.parametrize(
    "value", ["priority", "priority:P1", "P1=urgent", ":P1=urgent", "a:=x", "a:b="]
)
def test_malformed_rename_is_refused(value: str) -> None:
    """A rename needs task, value and label."""
    with pytest.raises(InputError, match="--map"):
        parse_renames([value], ["p"])


def test_pairs_split_at_the_first_sign() -> None:
    """A column name may hold an equals sign."""
    assert parse_pairs("--label", ["a=x=y", "b=z"]) == {"a": "x=y", "b": "z"}


def test_renames_split_at_the_last_sign() -> None:
    """A value of the export may hold colons and equals signs."""
    assert parse_renames(["p:P:1=a=urgent", "p:P2=high"], ["p"]) == {
        "p": {"P:1=a": "urgent", "P2": "high"}
    }


def test_required_columns_are_those_named() -> None:
    """Text and labels are needed always, the others when named; the id never."""
    columns = Columns("body", {"a": "x"}, subject="title", time="when")

    assert columns.required == ("body", "x", "title", "when")


def test_contract_of_a_task_overrules_the_default() -> None:
    """A task without a contract of its own keeps the common one."""
    precision = Precision(automate=0.9, automate_of={"a": 0.99})

    assert (precision.of("a"), precision.of("b")) == (0.99, 0.9)


def test_rename_of_a_task_without_label_is_refused() -> None:
    """A task that no label column has cannot be renamed, so a misspelt one is told."""
    with pytest.raises(InputError, match="'prioritet'") as caught:
        parse_renames(["prioritet:P1=urgent"], ["priority"])

    assert "priority" in caught.value.fix
