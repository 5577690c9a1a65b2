"""Audits of labelled rows: what is likely wrong with them, and which rows to label next."""
