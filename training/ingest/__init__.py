"""One reader per export format, all giving the same examples."""
