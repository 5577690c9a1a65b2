"""Train, measure and register bundles; stands on the core of ``triage``."""
