"""A made-up fortnight of a help desk, so that a newcomer sees the service and its pages alive."""
