"""Measure the server over HTTP beside a constant route and what others would run."""
