"""Suggestions: find the passages that answer a question, rank them, draft a reply."""
