"""The store: articles and the journal in one database, SQLite or PostgreSQL."""
