"""Vectors in, labels with calibrated confidence out."""
