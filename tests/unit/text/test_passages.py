"""Articles cut into passages."""

import pytest

from triage.domain import Article, Passage
from triage.text.passages import LARGE, STRETCHED, cut, sentences, size

MARKDOWN = """# Reset your password

You can reset it **yourself** in the [app](https://kvistholm.example/app) or [here](/x).

## Steps

Do this:

1. Open the *app*.
2. Tap `Log in`,
   then Forgot.
3. Wait.

## Notes
- keep snake_case_names
- 2 * 3 * 4

| Plan | Price |
|---|---:|
| Plus | 3.99 |

```
ping hub.local
```
"""


def passages(
    body: str, title: str = "Reset your password", language: str = "en"
) -> tuple[Passage, ...]:
    """Cut an article with the given body."""
    return cut(Article(id="reset", language=language, title=title, body=body))


def test_markdown() -> None:
    """Headings stay with their text, steps keep numbers and lines, markup goes."""
    texts = [passage.text for passage in passages(MARKDOWN)]

    assert texts == [
        "Reset your password",
        "You can reset it yourself in the app (https://kvistholm.example/app) or here.",
        "Steps\nDo this:\n1. Open the app.\n2. Tap Log in, then Forgot.\n3. Wait.",
        "Notes\n- keep snake_case_names\n- 2 * 3 * 4\nPlan; Price\nPlus; 3.99\nping hub.local",
    ]


def test_ids_and_kinds() -> None:
    """The title is passage 0 of its language and blocks count from 1, with or without a title."""
    with_title = passages("One line.", language="da")
    without = passages("One line.", title=" ", language="da")

    assert [(passage.id, passage.kind) for passage in with_title] == [
        ("reset/da#0", "title"),
        ("reset/da#1", "block"),
    ]
    assert [passage.id for passage in without] == ["reset/da#1"]
    assert with_title[1].title == "Reset your password"


@pytest.mark.parametrize("body", ["", " \n\n ", "#", "---", "```\n```"])
def test_empty_body(body: str) -> None:
    """An article without words in its body has its title only."""
    assert [passage.kind for passage in passages(body)] == ["title"]


def test_plain_lines_are_merged() -> None:
    """Lines of plain text are blocks of about 60 to 120 words together."""
    lines = [f"This is line number {number} of a plain article body today." for number in range(40)]
    blocks = passages("\n".join(lines))[1:]

    assert "\n".join(block.text for block in blocks) == "\n".join(lines)
    assert all(40 <= size(block.text) <= LARGE for block in blocks)


@pytest.mark.parametrize(
    ("body", "language"),
    [
        ("A sentence that goes on for a while now. " * 60, "en"),
        ("这是一个很长的句子，讲的是怎么重置密码。" * 60, "zh"),
        ("word " * 900, "en"),
        ("字" * 2_000, "zh"),
        (
            "\n".join(f"{n}. Do the thing that this step asks for, please." for n in range(1, 60)),
            "en",
        ),
    ],
)
def test_long_blocks_are_split(body: str, language: str) -> None:
    """A long block is split at sentences or steps, without losing a word."""
    blocks = passages(body, title="", language=language)

    assert len(blocks) > 1
    assert all(size(block.text) <= STRETCHED for block in blocks)
    assert "".join("".join(block.text for block in blocks).split()) == "".join(body.split())


def test_heading_is_repeated() -> None:
    """Each part of a long section stands under its heading."""
    body = "## Delivery\n\n" + "\n\n".join(
        "Ten words stand in each of these few paragraphs here." for _ in range(30)
    )
    blocks = passages(body)[1:]

    assert len(blocks) > 1
    assert all(block.text.startswith("Delivery\n") for block in blocks)


def test_sentences() -> None:
    """Sentences end at stops before a new one, not in numbers, and join to the text."""
    text = "It costs 3.99 a month. Cancel any time! 可以取消。随时。 Done"

    assert sentences(text) == [
        "It costs 3.99 a month. ",
        "Cancel any time! ",
        "可以取消。",
        "随时。 ",
        "Done",
    ]
