"""The agents' pages: server-rendered, small, and of no use to whoever is not signed in."""
