"""Replay history in time order: what would have been done, and what it would have been worth."""
