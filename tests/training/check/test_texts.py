"""Texts: empty, too long, damaged; labels, agents and personal data in them."""

from pathlib import Path

import pytest

from tests.training.check.rows import COLUMNS, found, rows_of, table, text_of
from training.check.agents import edges, greets, has_placeholder
from training.check.code_page import guess_code_page
from training.check.sample import Glance, Sample, languages
from training.check.seen import EMPTY
from training.check.texts import is_garbled
from training.config import Columns
from triage.text.limits import MAX_TEXT

DANISH = "Jeg kan ikke åbne døren på køleskabet, hvad gør jeg? Æblerne er våde."
ROMANIAN = "Bună ziua, nu pot să văd factura și aș vrea să știu când ajunge pachetul."
CHINESE = "我的包裹还没有到，请问什么时候可以收到？这个月的账单也不对。"


def test_every_message_empty_blocks(tmp_path: Path) -> None:
    """Nothing can be learned from a column without words; some empty rows are a warning."""
    quotes = ["\u200b", "", "  "]

    assert found(tmp_path, table(quotes))["all_empty"].level == "blocker"
    assert rows_of(found(tmp_path, table([*quotes, "words"]))["empty_text"]) == [1, 2, 3]


def test_messages_longer_than_served_are_told(tmp_path: Path) -> None:
    """What serving would refuse is named, by characters or by bytes of HTML."""
    texts = ["word " * (MAX_TEXT // 5 + 1), "fine", "<p>" + "word " * (MAX_TEXT // 5 + 1)]
    rows = table(texts, kind=["text/plain", "text/plain", "text/html"])
    columns = Columns("text", COLUMNS.labels, content_type="kind")

    assert rows_of(found(tmp_path, rows, columns)["too_long"]) == [1]


def test_automatic_mail_is_a_note(tmp_path: Path) -> None:
    """Absence notes are no requests."""
    note = "This is an automatically generated message. Do not reply to it."

    assert rows_of(found(tmp_path, table([text_of(1), note]))["automatic_mail"]) == [2]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [(DANISH, "cp1252"), (DANISH, "cp850"), (ROMANIAN, "cp1250"), (CHINESE, "cp1252")],
)
def test_wrong_code_pages_are_seen(text: str, wrong: str) -> None:
    """UTF-8 read as a code page of Europe is seen in each language; good text is not."""
    assert is_garbled(text.encode().decode(wrong, "replace"))
    assert not is_garbled(text)


def test_utf8_read_as_gbk_is_seen() -> None:
    """Chinese that was read as GBK is Chinese still, but its bytes tell."""
    assert is_garbled(CHINESE.encode().decode("gb18030", "ignore"))
    assert not is_garbled(f"{CHINESE} Wi-Fi é ü ñ 2.4 GHz")


def test_damage_blocks_where_it_is_common(tmp_path: Path) -> None:
    """One garbled row is a warning, a fifth of them is a blocker."""
    bad = DANISH.encode().decode("cp1252")
    good = [text_of(at) for at in range(9)]

    assert found(tmp_path, table([*good, bad]))["mojibake"].level == "warning"
    assert found(tmp_path, table([*good[:4], bad]))["mojibake"].level == "blocker"
    lost = found(tmp_path, table([*good, "K\ufffdleskab"]))["replacement_characters"]
    assert (lost.level, rows_of(lost)) == ("warning", [10])


def test_nul_characters_are_told(tmp_path: Path) -> None:
    """Serving refuses what cleaning would have dropped from an export."""
    finding = found(tmp_path, table([text_of(1), "a\x00b\x00c"]))["nul_characters"]

    assert rows_of(finding) == [2]
    assert "\x00" not in finding.line()


@pytest.mark.parametrize(
    ("text", "page", "name"),
    [
        (DANISH, "cp1252", "WINDOWS-1252"),
        (ROMANIAN.replace("ș", "ş"), "cp1250", "WINDOWS-1250"),
        (CHINESE, "gb18030", "GB18030"),
        (DANISH, "utf-16", "UTF-16"),
    ],
)
def test_code_pages_are_guessed(tmp_path: Path, text: str, page: str, name: str) -> None:
    """The advice names the code page that the file is most likely in."""
    path = tmp_path / "a.csv"
    path.write_bytes((text * 20).encode(page))

    assert guess_code_page(path) == name


@pytest.mark.parametrize(
    "form",
    ["Category: {}", "category = {}", "Queue：{}", "[{}]", "* Type: *{}*", "Ticket type: {}"],
)
def test_labels_in_a_fixed_form_are_told(tmp_path: Path, form: str) -> None:
    """A form that writes the label into the text makes figures too good."""
    texts = [f"{text_of(at)}\n{form.format('Billing')}\n{text_of(at + 50)}" for at in range(6)]
    labels = [*["Billing"] * 3, *["Delivery"] * 3]

    finding = found(tmp_path, table(texts, labels))["label_in_text"]

    assert (finding.level, rows_of(finding)) == ("warning", [1, 2, 3])


def test_the_field_is_named_where_all_share_it(tmp_path: Path) -> None:
    """The name of the form's field says what to cut."""
    texts = [f"{text_of(at)}\nQueue name: billing" for at in range(4)]

    finding = found(tmp_path, table(texts, ["billing"] * 4))["label_in_text"]

    assert 'such as "queue name: …"' in finding.message


def test_labels_as_words_are_no_leak(tmp_path: Path) -> None:
    """A customer may use the word."""
    texts = [f"A question on billing {text_of(at)} and billings: none" for at in range(6)]

    assert "label_in_text" not in found(tmp_path, table(texts, ["billing"] * 6))


@pytest.mark.parametrize(
    "text",
    [
        "Hi Anna, thank you for reaching out to us.",
        "Kære Per, tak for din henvendelse. Vi beklager ulejligheden.",
        "Bună ziua, vă mulțumim că ne-ați contactat.",
        "您好，感谢您的来信，给您带来不便深表歉意。",
        f"{'word ' * 200}Is there anything else I can do for you?",
    ],
)
def test_agents_are_heard_in_four_languages(text: str) -> None:
    """Greetings and regrets of agents are told from customers' words."""
    assert greets(text)
    assert not greets("My parcel is late, thank you for your help. Tak for hjælpen. 谢谢您。")


@pytest.mark.parametrize("text", ["Dear {{ticket.requester.name}},", "Hi %{name}", "[[ name ]]"])
def test_placeholders_are_seen(text: str) -> None:
    """A template's placeholder was never filled in."""
    assert has_placeholder(text)
    assert not has_placeholder("It says {error: 5} and costs 5% {net}")


def test_agents_words_are_reported(tmp_path: Path) -> None:
    """Three rows that speak like an agent, and one unfilled template, have their rows."""
    spoken = [f"Thank you for contacting us about {text_of(at)}" for at in range(3)]

    findings = found(tmp_path, table([text_of(9), *spoken, f"Hi {{{{name}}}}, {text_of(8)}"]))

    assert rows_of(findings["agent_phrases"]) == [2, 3, 4]
    assert rows_of(findings["macro_placeholder"]) == [5]


def test_blocks_that_many_messages_share_are_told(tmp_path: Path) -> None:
    """The same first or last line over different messages is a form's, twins do not count."""
    opened = [f"Message from the shop's contact page:\n{text_of(at)}" for at in range(12)]
    closed = [f"{text_of(at)}\nThis text was written on a small screen" for at in range(20, 32)]
    twins = ["Where is my parcel, please tell\nIt should be here by now"] * 12

    findings = found(tmp_path, table([*opened, *closed, *twins]))

    assert rows_of(findings["same_opening"]) == list(range(1, 13))
    assert rows_of(findings["same_closing"]) == list(range(13, 25))
    assert "contact page" not in findings["same_opening"].line()


def test_edges_are_lines_or_sentences() -> None:
    """Short blocks and single sentences are no opening."""
    first = "The same opening of a message. "

    assert edges(f"{first}And one end.")[0] == edges(f"{first}Another end here.")[0] != EMPTY
    assert edges("Hi,\nbye") == (EMPTY, EMPTY)
    assert edges("One sentence alone has no opening") == (EMPTY, EMPTY)


def test_personal_data_is_counted_and_never_shown(tmp_path: Path) -> None:
    """Kinds are counted by message; what opens an account is a warning."""
    texts = ["write to anna@example.com or bo@example.com", "password: hunter22", text_of(1)]

    findings = found(tmp_path, table(texts))

    assert findings["personal_data"].level == "note"
    assert "e-mail addresses 1" in findings["personal_data"].message
    assert findings["secrets"].level == "warning"
    assert rows_of(findings["secrets"]) == [2]
    told = " ".join(one.line() for one in findings.values())
    assert "anna" not in told
    assert "hunter" not in told


def test_languages_are_counted(tmp_path: Path) -> None:
    """Unsupported languages and small parts are told."""
    german = "Guten Tag, ich habe meine Bestellung noch nicht erhalten und möchte Geld zurück."
    english = [f"My parcel has not arrived and this is the {at}th time I ask" for at in range(9)]

    findings = found(tmp_path, table([*english, DANISH, f"{DANISH} Tak.", german]))

    assert rows_of(findings["unsupported_language"]) == [12]
    assert "de 1" in findings["unsupported_language"].message
    assert "en 9, da 2" in findings["language_mix"].message


def test_wrong_declarations_are_told(tmp_path: Path) -> None:
    """A declared language that the text clearly is not in points to the wrong column."""
    rows = table([DANISH, f"{CHINESE}"], language=["zh-CN", "zh"])
    columns = Columns("text", COLUMNS.labels, language="language")

    assert rows_of(found(tmp_path, rows, columns)["language_disagrees"]) == [1]


def glance(at: int) -> Glance:
    """Build a glance at a row that shows nothing."""
    return Glance(at, at, "en", True, True, "", (), False, False, (0, 0))


def test_samples_stay_even_and_bounded() -> None:
    """However long the export, the rows looked at are spread evenly over it."""
    sample = Sample(bound=10)
    for at in range(1_000):
        sample.add(at, lambda at=at: glance(at))  # type: ignore[misc]  # a default binds the row

    rows = [one.at for one in sample.glances]

    assert rows == list(range(0, 1_000, sample.step))
    assert 10 <= len(rows) < 20
    assert not list(languages(sample.glances))
