"""Steps that bring a store of any earlier version to the newest tables."""
