"""Yes-or-no tasks of one list are found by name and answers, and written as one cell."""

from triage.labeling.groups import cell_of, groups

YES_NO = ("no", "yes")


def test_only_yes_or_no_tasks_with_a_group_belong_together() -> None:
    """Other answers, or a name without both sides, make a task of its own."""
    labels = {
        "category": YES_NO,
        "a/b": ("x", "y"),
        "/b": YES_NO,
        "a/": YES_NO,
        "t/one": YES_NO,
        "t/two": ("yes", "no"),
    }

    assert groups(labels) == {"t": {"one": "t/one", "two": "t/two"}}


def test_cell_lists_what_was_answered_with_yes() -> None:
    """Sorted, and with a word of its own where there is none."""
    members = {"b": "t/b", "a": "t/a"}

    assert cell_of({"t/a": "yes", "t/b": "yes"}, members) == "a|b"
    assert cell_of({"t/a": "no", "t/b": "yes"}, members) == "b"
    assert cell_of({"t/a": "no", "t/b": "no"}, members) == "(none)"
