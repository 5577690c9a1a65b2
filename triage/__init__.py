"""Triage: label help-desk messages and suggest replies, on a CPU, without a network."""

__version__ = "0.1.0"
