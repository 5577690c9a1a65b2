"""What callers may write: feedback and articles, each at most once, and the erasure of people."""
