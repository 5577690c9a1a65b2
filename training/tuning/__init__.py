"""Tune sentence transformers on our own messages: labels, answers, and the space they must keep."""
