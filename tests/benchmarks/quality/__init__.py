"""Measure ``triage-train fit`` beside what others would use, on the same rows of public sets."""
