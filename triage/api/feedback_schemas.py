"""What agents tell about answers."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from triage.api.requests import CustomerIn, Short, Strict
from triage.api.schemas import Out
from triage.api.validation import PLAIN
from triage.storage.feedback import Event, Feedback, Use
from triage.text.limits import MAX_TEXT

MAX_USES = 10
MAX_TASKS = 64

Id = Annotated[Short, Field(min_length=1)]
Agent = Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN)]
Labels = Annotated[
    dict[
        Annotated[str, Field(min_length=1, max_length=64)],
        Annotated[str, Field(min_length=1, max_length=200)],
    ],
    Field(max_length=MAX_TASKS),
]


class UseIn(Strict):
    """What became of one suggestion."""

    passage_id: Annotated[str, Field(min_length=1, max_length=300)]
    event: Event
    sent_text: Annotated[
        str | None,
        Field(max_length=MAX_TEXT, description="What went to the requester; kept redacted."),
    ] = None


class FeedbackRequest(Strict):
    """What an agent did with an answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "ticket-4711",
                    "agent": "a17",
                    "labels": {"category": "service"},
                    "suggestions": [
                        {
                            "passage_id": "track-your-order/en#2",
                            "event": "edited",
                            "sent_text": "Hello Anna, the link in the e-mail shows the parcel.",
                        }
                    ],
                    "final": {"category": "service"},
                }
            ]
        }
    )

    id: Annotated[Id, Field(description="Id of the answer of /v1/classify.")]
    agent: Annotated[
        Agent | None, Field(description="The desk's id of the agent; kept as it is.")
    ] = None
    labels: Annotated[
        Labels, Field(description="Label that the agent set, by task.", default_factory=dict)
    ]
    suggestions: Annotated[
        list[UseIn],
        Field(max_length=MAX_USES, description="What became of suggestions.", default_factory=list),
    ]
    final: Annotated[
        Labels,
        Field(description="Label that the ticket was closed with, by task.", default_factory=dict),
    ]
    customer: Annotated[
        CustomerIn | None, Field(description="The name is taken out of sent texts, and not kept.")
    ] = None

    def given(self) -> Feedback:
        """Return the feedback as the service knows it."""
        return Feedback(
            self.id,
            self.agent,
            dict(self.labels),
            tuple(Use(use.passage_id, use.event, use.sent_text) for use in self.suggestions),
            dict(self.final),
            self.customer.name if self.customer else None,
        )


class Receipt(Out):
    """Answer to feedback: it is on the disk."""

    receipt: str
    recorded: Literal[True]
