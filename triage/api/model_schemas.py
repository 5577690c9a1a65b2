"""What is asked and answered about bundles and aliases."""

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import ConfigDict, Field

from triage.api.requests import Short, Strict
from triage.api.schemas import DIGITS, ModelOut, Out
from triage.bundle.moves import Action, Move, Via
from triage.bundle.registry import CHALLENGER, CHAMPION, PREVIOUS
from triage.bundle.state import BundleState, RegistryState
from triage.domain import ModelRef
from triage.shadow import Shadow

Why = Annotated[str, Field(max_length=1_000, description="Reason, for the record.")]
Who = Annotated[
    Short,
    Field(description="Who asks, for the record, beside the name of the key; taken at your word."),
]
Name = Annotated[Short, Field(min_length=1)]


class PromoteRequest(Strict):
    """A bundle to put live."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "bundle": "2026-11-21-ab12cd",
                    "expected": "starter",
                    "who": "a17",
                    "why": "knows the new intents",
                }
            ]
        }
    )

    bundle: Annotated[Name, Field(description="Id or alias of a bundle of the registry.")]
    expected: Annotated[
        Name, Field(description="Id of the champion that you saw; refused if it is another by now.")
    ]
    who: Who = ""
    why: Why = ""


class RollbackRequest(Strict):
    """A champion to take back."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "expected": "2026-11-21-ab12cd",
                    "who": "a17",
                    "why": "urgent mail was missed",
                }
            ]
        }
    )

    expected: Annotated[
        Name | None, Field(description="Id of the champion to take back; the one now if left out.")
    ] = None
    who: Who = ""
    why: Why = ""


class AliasesOut(Out):
    """Which bundle each alias names."""

    champion: str | None
    challenger: str | None
    previous: str | None


class BundleOut(Out):
    """One bundle; ``state`` is ``ok``, or the code of the error that its manifest gives."""

    id: str
    aliases: list[str]
    created: str
    tasks: list[str]
    languages: list[str]
    profiles: list[str]
    state: str

    @classmethod
    def of(cls, one: BundleState) -> Self:
        """Turn the state of a bundle into its answer."""
        return cls(
            id=one.id,
            aliases=list(one.aliases),
            created=one.created,
            tasks=list(one.tasks),
            languages=list(one.languages),
            profiles=list(one.profiles),
            state=one.state,
        )


class AgreementOut(Out):
    """A task beside the champion; ``confidence_difference`` is the challenger's mean gain."""

    messages: int
    agreement: float
    confidence_difference: float


class ChallengerOut(Out):
    """The challenger; ``fault`` is the code of what keeps it from being loaded.

    ``tasks`` compare it with ``champion``, on ``messages`` that both have labelled since both
    stand; they are empty and null until there is one.
    """

    bundle: str
    fault: str | None
    champion: str | None
    messages: int
    tasks: dict[str, AgreementOut]

    @classmethod
    def of(cls, bundle: str, shadow: Shadow) -> Self:
        """Turn what came of shadowing into its answer."""
        found = shadow.comparison()
        if found is None or found.bundle != bundle:
            return cls(bundle=bundle, fault=shadow.fault, champion=None, messages=0, tasks={})
        tasks = {
            task: AgreementOut(
                messages=one.messages,
                agreement=round(one.agreed / one.messages, DIGITS),
                confidence_difference=round(one.gained / one.messages, DIGITS),
            )
            for task, one in found.tasks.items()
        }
        return cls(
            bundle=bundle,
            fault=shadow.fault,
            champion=found.champion,
            messages=found.messages,
            tasks=tasks,
        )


class MoveOut(Out):
    """A line of the record."""

    at: str
    action: Action
    alias: str
    before: str | None
    bundle: str
    who: str
    why: str
    via: Via
    waived: list[str]

    @classmethod
    def of(cls, one: Move) -> Self:
        """Turn a move into its answer."""
        return cls(
            at=one.at,
            action=one.action,
            alias=one.alias,
            before=one.before,
            bundle=one.bundle,
            who=one.who,
            why=one.why,
            via=one.via,
            waived=list(one.waived),
        )


class Models(Out):
    """Answer of /v1/models; ``fault`` is the code of what keeps the service from its alias."""

    serving: ModelOut
    fault: str | None
    aliases: AliasesOut
    challenger: ChallengerOut | None
    bundles: list[BundleOut]
    moves: list[MoveOut]

    @classmethod
    def of(
        cls,
        serving: ModelRef,
        fault: str | None,
        shadow: Shadow,
        state: RegistryState,
        moves: Iterable[Move],
    ) -> Self:
        """Put together what answers, what is compared, what there is, and what was moved."""
        named = state.aliases
        challenger = named.get(CHALLENGER)
        return cls(
            serving=ModelOut(bundle=serving.bundle, alias=serving.alias, profile=serving.profile),
            fault=fault,
            aliases=AliasesOut(
                champion=named.get(CHAMPION),
                challenger=challenger,
                previous=named.get(PREVIOUS),
            ),
            challenger=ChallengerOut.of(challenger, shadow) if challenger else None,
            bundles=[BundleOut.of(one) for one in state.bundles],
            moves=[MoveOut.of(one) for one in moves],
        )


class Moved(Out):
    """Answer of a promotion or rollback; ``move`` is null where nothing had to be moved."""

    champion: str
    move: MoveOut | None

    @classmethod
    def of(cls, done: Move | None, champion: str) -> Self:
        """Turn what was done into its answer."""
        return cls(champion=champion, move=MoveOut.of(done) if done else None)
