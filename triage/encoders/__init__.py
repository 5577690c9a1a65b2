"""Encoders turn text into vectors. All encoders of one bundle share one vector space."""
