"""The way of one message through a real bundle."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from triage.bundle.store import Bundle, load_bundle
from triage.domain import LabelResult, Message, Options, Suggestion, Suggestions
from triage.errors import UnknownTaskError
from triage.pipeline import Case, Pipeline
from triage.text.language import LanguageIdentifier

CLEAR = "The app shows a blank page, I need this before Friday, here is the order number"
QUIET = Options(suggestions=0)


class Recorder:
    """A suggester that remembers what it was asked and answers with one suggestion."""

    def __init__(self) -> None:
        self.asked: list[tuple[Message, str, str, int, Mapping[str, LabelResult], int]] = []

    def suggest(self, cases: Sequence[Case], top: int) -> list[Suggestions]:
        """Answer with one suggestion each."""
        for one in cases:
            seen = (one.message, one.cleaned.text, one.language.code, one.vector.shape[0])
            self.asked.append((*seen, one.labels, top))
        found = Suggestion("a", "a#0", "T", None, "en", 0.9, "A", "R", {})
        return [Suggestions((found,), None)] * len(cases)


@pytest.fixture(scope="module")
def bundle(bundle_folder: Path, encoders_folder: Path) -> Bundle:
    """Load the tiny bundle."""
    return load_bundle(bundle_folder, encoders_folder)


@pytest.fixture(scope="module")
def pipeline(bundle: Bundle) -> Pipeline:
    """Run the tiny bundle in its default profile."""
    identifier = LanguageIdentifier(bundle.manifest.languages)
    return Pipeline(bundle, bundle.profile(), identifier, alias="champion")


def test_unknown_task_is_refused(pipeline: Pipeline) -> None:
    """A task that the bundle lacks is refused with those it has, and is not echoed."""
    with pytest.raises(UnknownTaskError) as caught:
        pipeline.run([Message("hello")], Options(tasks=("mood",)))

    assert caught.value.field == "tasks"
    assert "category, priority, sentiment" in caught.value.fix
    assert "mood" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "   \n ", "🙂🙂🙂", "ok", "钱", "?!"])
def test_too_short_abstains(pipeline: Pipeline, text: str) -> None:
    """Nothing to read gives every task its reason and still ranks the labels."""
    answer = pipeline.run([Message(text)], QUIET)[0]

    for result in answer.labels.values():
        assert (result.label, result.decision, result.reason) == (None, "abstain", "too_short")
        ranked = [(score.confidence, score.label) for score in result.alternatives]
        assert (result.confidence, result.top_label) in ranked
        assert [confidence for confidence, _ in ranked] == sorted(
            (confidence for confidence, _ in ranked), reverse=True
        )


def test_two_han_characters_are_enough_to_read(pipeline: Pipeline) -> None:
    """Two ideographs are a word."""
    answer = pipeline.run([Message("退款")], QUIET)[0]

    assert all(result.reason != "too_short" for result in answer.labels.values())


def test_unsupported_language_abstains(pipeline: Pipeline) -> None:
    """A language that the bundle never saw is refused, not guessed."""
    text = "Guten Tag, meine Bestellung ist leider immer noch nicht angekommen, was ist passiert?"

    answer = pipeline.run([Message(text)], QUIET)[0]

    assert (answer.language.code, answer.language.supported) == ("de", False)
    assert {result.reason for result in answer.labels.values()} == {"unsupported_language"}


def test_auto_reply_abstains(pipeline: Pipeline) -> None:
    """An out-of-office note asks for nothing."""
    text = "I am out of the office until Monday with no access to my e-mail."

    answer = pipeline.run([Message(text, subject="Automatic reply: your order")], QUIET)[0]

    assert {result.reason for result in answer.labels.values()} == {"auto_generated"}


def test_clear_message_is_labelled(pipeline: Pipeline) -> None:
    """Words like those of the training rows get their label with high confidence."""
    answer = pipeline.run([Message(CLEAR, id="m1")], QUIET)[0]

    assert answer.id == "m1"
    assert (answer.model.bundle, answer.model.alias) == ("starter", "champion")
    assert answer.labels["category"].label == "technical_support"
    assert answer.labels["priority"].label == "high"
    assert answer.labels["category"].decision == "automate"
    assert answer.labels["category"].reason is None


def test_confidences_sum_to_one(pipeline: Pipeline) -> None:
    """The label and its alternatives share out the whole probability."""
    for result in pipeline.run([Message(CLEAR)], QUIET)[0].labels.values():
        total = result.confidence + sum(score.confidence for score in result.alternatives)

        assert total == pytest.approx(1)


def test_only_asked_tasks_are_answered(pipeline: Pipeline) -> None:
    """Tasks come in the order in which they were asked for."""
    options = Options(suggestions=0, tasks=("sentiment", "category"))

    assert list(pipeline.run([Message(CLEAR)], options)[0].labels) == ["sentiment", "category"]


def test_batch_equals_one_by_one(pipeline: Pipeline) -> None:
    """Neighbours in a batch change no answer."""
    messages = [Message(CLEAR), Message("退款"), Message(""), Message("min pakke er væk")]

    together = pipeline.run(messages, QUIET)

    for message, answer in zip(messages, together, strict=True):
        alone = pipeline.run([message], QUIET)[0]
        assert alone.cleaned_text == answer.cleaned_text
        for task, result in alone.labels.items():
            assert answer.labels[task].top_label == result.top_label
            assert answer.labels[task].confidence == pytest.approx(result.confidence, abs=1e-5)


def test_no_messages_give_no_answers(pipeline: Pipeline) -> None:
    """An empty batch is answered with an empty list."""
    assert pipeline.run([], QUIET) == []


def test_evidence_points_into_the_request(pipeline: Pipeline) -> None:
    """Evidence counts code points of the request's own field, emoji and white space included."""
    text = f"🙂🙂  \n\n   {CLEAR}"

    answer = pipeline.run([Message(text)], Options(suggestions=0, explain=True))[0]

    evidence = answer.labels["category"].evidence
    assert evidence
    for item in evidence:
        assert item.field == "text"
        assert text[item.start : item.end] == item.text
    assert any("app" in item.text or "blank" in item.text for item in evidence)


def test_evidence_points_into_the_subject(pipeline: Pipeline) -> None:
    """Words of the subject are found in the subject."""
    subject = "Re: The app shows a blank page"
    message = Message("I need this before Friday", subject=subject)

    answer = pipeline.run([message], Options(suggestions=0, explain=True))[0]

    fields = {item.field: item for item in answer.labels["category"].evidence}
    assert "subject" in fields
    found = fields["subject"]
    assert subject[found.start : found.end] == found.text


def test_evidence_is_empty_unless_asked(pipeline: Pipeline) -> None:
    """Explanations cost time and are given on request alone."""
    answer = pipeline.run([Message(CLEAR)], QUIET)[0]

    assert all(result.evidence == () for result in answer.labels.values())


def test_suggestions_say_why_there_are_none(bundle: Bundle, pipeline: Pipeline) -> None:
    """Not asked for, nothing to search, and an abstention each have their reason."""
    full = Pipeline(bundle, bundle.profile(), pipeline.identifier, Recorder())

    assert pipeline.run([Message(CLEAR)], QUIET)[0].suggestions.no_suggestion_reason == (
        "not_requested"
    )
    assert pipeline.run([Message(CLEAR)], Options())[0].suggestions.no_suggestion_reason == (
        "empty_knowledge_base"
    )
    assert full.run([Message("ok")], Options())[0].suggestions.no_suggestion_reason == "abstained"


def test_suggester_gets_what_is_known(bundle: Bundle, pipeline: Pipeline) -> None:
    """The suggester sees the cleaned text, the language, the vector and the labels."""
    recorder = Recorder()
    full = Pipeline(bundle, bundle.profile("tiny"), pipeline.identifier, recorder)
    text = f"{CLEAR}, this is a terrible disappointment"

    answer = full.run([Message(text)], Options(suggestions=2))[0]

    message, cleaned, code, dim, labels, top = recorder.asked[0]
    assert (message.text, cleaned, code, top) == (text, text, "en", 2)
    assert dim == bundle.encoders.dim
    assert labels == answer.labels
    assert answer.suggestions.items[0].article_id == "a"
    assert answer.model.profile == "tiny"


def test_timings_add_up(pipeline: Pipeline) -> None:
    """The total is the sum of the steps."""
    timings = dict(pipeline.run([Message(CLEAR)], QUIET)[0].timings_ms)
    total = timings.pop("total")

    assert set(timings) == {"clean", "encode", "label", "suggest"}
    assert total == pytest.approx(sum(timings.values()))
