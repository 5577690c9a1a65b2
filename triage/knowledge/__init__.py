"""Knowledge base: read articles from folders and tables, and import them into a store."""
