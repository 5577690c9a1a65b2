"""Answers mined out of past tickets: what is published, and what never is."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from triage.domain import Article
from triage.errors import ExportError, InputError
from triage.knowledge.gathered import Gathered
from triage.knowledge.mining import DIFFERENT, FEW
from triage.knowledge.sources import Asked, gather
from triage.knowledge.tickets import AUTOMATIC, EMPTY

STEPS = (
    "To reset your password, please do this:\n1. Open the sign-in page.\n"
    "2. Choose Forgot password and follow the link."
)
NAMES = ("Anna Berg", "Peter Holm", "Ioana Pop", "Mark Lee", "Sofie Dahl", "Chen Wei", "Tom Ray")
Row = Mapping[str, str]


def ticket(number: int, answer: str = STEPS, **more: str) -> Row:
    """Write a ticket with a greeting and a signature around an answer."""
    name = NAMES[number % len(NAMES)]
    return {
        "ticket_id": str(100 + number),
        "requester_id": f"r{number}",
        "requester_name": name,
        "agent_name": "Lisbeth Krog",
        "subject": "Re: forgot my password",
        "question": f"Hi, I forgot my password. I am {name}, mail {number}@home.org.\n-- \n{name}",
        "answer": f"Hi {name.split()[0]},\n\nThank you for contacting us.\n{answer}\n\n"
        f"Kind regards,\nLisbeth Krog\n\nOn Monday, {name} wrote:\n> help",
        **more,
    }


def read(folder: Path, rows: Iterable[Row], **asked: object) -> Gathered:
    """Read a table of tickets."""
    listed = list(rows)
    path = folder / "closed.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(dict.fromkeys(key for row in listed for key in row)))
        writer.writeheader()
        writer.writerows(listed)
    return gather(path, Asked("tickets", language="en", **asked))  # type: ignore[arg-type] # checked where it is named


def mined(folder: Path, rows: Iterable[Row], **asked: object) -> list[Article]:
    """Return the articles of tickets without faults."""
    found = read(folder, rows, **asked)
    assert found.faults == []
    return [article for _, article in found.placed]


def test_answer_of_many_tickets_becomes_an_article(tmp_path: Path) -> None:
    """Greeting, courtesy, signature, quote and names are gone; the steps are steps."""
    (one,) = mined(tmp_path, (ticket(number) for number in range(7)))

    assert one.body == STEPS.replace(":\n1", ":\n\n1")
    assert one.title == "Forgot my password"
    assert (one.language, one.visibility, one.tags, one.sources) == ("en", "public", ("mined",), 5)
    assert not any(name.split()[0] in f"{one.title} {one.body}" for name in (*NAMES, "Lisbeth"))


def test_four_tickets_are_too_few(tmp_path: Path) -> None:
    """Five are asked for, and no option goes below."""
    found = read(tmp_path, [ticket(number) for number in range(4)])

    assert found.placed == []
    assert [one.reason for one in found.skipped] == [FEW] * 4
    with pytest.raises(InputError, match="5 tickets at least"):
        read(tmp_path, [ticket(1)], min_sources=4)


def test_tickets_are_counted_and_not_rows(tmp_path: Path) -> None:
    """The same ticket five times is one; five of one requester are of one requester."""
    same = [ticket(1) for _ in range(9)]
    one_person = [ticket(number, requester_id="r1") for number in range(9)]
    nobody_known = [ticket(number, requester_id="") for number in range(9)]

    assert mined(tmp_path, same) == []
    assert mined(tmp_path, one_person) == []
    assert len(mined(tmp_path, nobody_known)) == 1


def test_what_was_said_to_one_is_never_shown_to_another(tmp_path: Path) -> None:
    """Sentences that are not in five tickets word for word are left out, whatever they hold."""
    secrets = [
        f"Your order {4711 + number} goes to Havnegade {number} on Friday." for number in range(9)
    ]
    (one,) = mined(tmp_path, (ticket(number, f"{STEPS}\n{secrets[number]}") for number in range(9)))

    assert one.body == STEPS.replace(":\n1", ":\n\n1")
    assert "Havnegade" not in repr(one)
    assert "47" not in one.body


@pytest.mark.parametrize("mark", ["![screen](https://x.org/{})", '<img alt="{}">'])
def test_what_markup_hides_was_said_to_one_too(tmp_path: Path, mark: str) -> None:
    """Addresses of pictures and tags are not seen by who reads, and are published all the same."""
    people = [f"anna-{number}" for number in range(9)]
    rows = (
        ticket(number, f"{STEPS}\nThe sign-in page looks like this {mark.format(people[number])}.")
        for number in range(9)
    )
    (one,) = mined(tmp_path, rows)

    assert one.body == STEPS.replace(":\n1", ":\n\n1")


def test_names_and_addresses_that_are_always_the_same_go_too(tmp_path: Path) -> None:
    """Whoever is greeted, signs or is named anywhere is mentioned nowhere."""
    said = (
        f"{STEPS}\nPlease write to lisbeth@desk.org for help. "
        "Then ask Sofie at the counter to open it. Call +45 33 12 34 56 on Mondays."
    )
    (one,) = mined(tmp_path, (ticket(number, said) for number in range(9)))

    assert one.body == STEPS.replace(":\n1", ":\n\n1")


def test_small_differences_are_one_answer_and_other_answers_are_others(tmp_path: Path) -> None:
    """A typing error or a line more joins; another matter does not, whatever is between them."""
    refund = "Refunds reach the card that you paid with.\nBanks need up to five working days."
    typing = STEPS.replace("please do", "pls do")
    rows = [ticket(number) for number in range(6)]
    rows += [ticket(number, typing) for number in range(6, 9)]
    rows += [ticket(number, refund, subject="Where is my refund") for number in range(9, 15)]
    second, first = sorted(mined(tmp_path, rows), key=lambda one: one.body)

    assert first.body.startswith("To reset your password, please")
    assert second.body.startswith("Refunds reach")
    assert second.title == "Where is my refund"


def test_answers_with_little_in_common_are_not_published(tmp_path: Path) -> None:
    """A common opening around nothing common is no answer."""
    rows = [
        ticket(number, f"We looked at it again now. Box {'abcdefghi'[number] * 3} is blue today.")
        for number in range(6)
    ]
    found = read(tmp_path, rows)

    assert found.placed == []
    assert {one.reason for one in found.skipped} <= {FEW, DIFFERENT}


def test_id_and_text_stay_when_tickets_come(tmp_path: Path) -> None:
    """An article is written again only at a new step of its sources, whatever the order."""
    before = mined(tmp_path, (ticket(number) for number in range(6)))
    after = mined(tmp_path, (ticket(number) for number in reversed(range(9))))
    many = mined(tmp_path, (ticket(number) for number in range(12)))

    assert before == after
    assert [(one.id, one.sources) for one in many] == [(before[0].id, 10)]


def test_automatic_and_empty_answers_are_left_out_by_name(tmp_path: Path) -> None:
    """What no agent wrote is no answer."""
    auto = "This is an automatic reply: your request was received."
    rows = [ticket(1, auto), {**ticket(2), "answer": "Hi Anna,\n\nKind regards,\nLisbeth Krog"}]
    found = read(tmp_path, rows)

    assert {one.reason for one in found.skipped} <= {AUTOMATIC, EMPTY, FEW}
    assert EMPTY in {one.reason for one in found.skipped}


def test_chinese_and_html_answers_are_mined(tmp_path: Path) -> None:
    """Sentences are told by their own marks, and markup is no text."""
    said = "请先打开登录页面，然后点击忘记密码。按照邮件里的链接设置新密码即可。"
    rows = [
        {**ticket(number), "answer": f"<p>您好，</p><p>{said}</p><p>此致<br>敬礼</p>",
         "subject": "忘记密码怎么办", "language": "zh"}
        for number in range(6)
    ]  # fmt: skip
    (one,) = mined(tmp_path, rows)

    assert one.language == "zh"
    assert one.title == "忘记密码怎么办"
    assert "".join(one.body.split()) == said


def test_title_holds_only_words_of_many(tmp_path: Path) -> None:
    """A subject that one requester alone would write is no title."""
    towns = ("Qxaville", "Qxbville", "Qxcville", "Qxdville", "Qxeville", "Qxfville")
    rows = [ticket(number, subject=f"forgot it in {town}") for number, town in enumerate(towns)]
    (one,) = mined(tmp_path, rows)

    assert one.title == "I forgot my password"


def test_bad_ticket_is_told_and_loses_no_other(tmp_path: Path) -> None:
    """Row and reason are named."""
    rows = [ticket(number) for number in range(6)]
    rows[2] = {**rows[2], "ticket_id": " "}
    rows += [{**ticket(7), "answer": "x" * 20_001}, {**ticket(8), "language": "?!"}]
    found = read(tmp_path, rows)

    assert len(found.placed) == 1
    assert [one.row for one in found.faults] == [3, 7, 8]
    assert found.faults[0].where == "closed.csv, row 3"
    assert "xxx" not in str(found.faults)


def test_columns_are_named_or_guessed(tmp_path: Path) -> None:
    """Usual names are taken by themselves; what is missing is told with what there is."""
    rows = [{"case": one["ticket_id"], "text": one["question"], "sent": one["answer"]}
            for one in map(ticket, range(6))]  # fmt: skip

    assert len(mined(tmp_path, rows, columns={"answer": "sent", "ticket": "case"})) == 1
    with pytest.raises(ExportError, match=r"no column with the answer.*--column answer=COLUMN"):
        read(tmp_path, rows)
    with pytest.raises(ExportError, match=r"no column named 'body'.*'case', 'text', 'sent'"):
        read(tmp_path, rows, columns={"answer": "body"})
    with pytest.raises(InputError, match="no 'mood'"):
        read(tmp_path, rows, columns={"mood": "text"})
