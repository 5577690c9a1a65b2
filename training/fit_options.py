"""What ``triage-train fit`` was asked for, put together from its options."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from training.config import FitConfig, SplitConfig
from training.encoder_choice import finetune_seconds
from training.options import (
    check_cap,
    check_fit,
    columns_of,
    encoders_of,
    search_of,
    with_contracts,
)
from training.orders import parse_orders

KEPT = ("test", "taxonomy", "corrections", "feedback", "out", "base", "only", "seed")
"""Options that a run takes as they are."""
COLUMNS = (
    *("text", "label", "map_", "subject", "language", "time", "group", "content_type", "kind"),
    "channel",
)


def asked_of(given: Mapping[str, Any]) -> FitConfig:
    """Check the options of a fit that contradict each other and build what they ask for.

    Args:
        given: Parameter of the command to what was given.

    Raises:
        InputError: When an option is malformed or a place cannot be written to.
        ConfigError: When a contract or a share cannot be.
        EncoderError: When an encoder to fine-tune cannot be tuned.
    """
    check_fit(given["base"], given["only"], given["json_"], given["out"])
    encoders = given["encoder"] or []
    asked = FitConfig(
        exports=tuple(given["exports"]),
        columns=columns_of(*(given[name] for name in COLUMNS)),
        **search_of(encoders, given["budget"], warm_start=given["warm_start"]),
        **{name: given[name] for name in KEPT},
        agent_cap=check_cap(given["agent_cap"]),
        without_agents=tuple(given["without_agent"] or ()),
        split=SplitConfig(given["split"], given["test_share"], given["calibration_share"]),
        finetune=finetune_seconds(
            given["finetune"], given["finetune_budget"], encoders_of(encoders)
        ),
    )
    orders = parse_orders(given["ordinal"] or [], list(asked.columns.labels))
    asked = replace(asked, orders=orders)
    return with_contracts(asked, given["config"], given["automate_precision"], given["label"])
