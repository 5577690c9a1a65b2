"""Text floor: cleaning, language, redaction and passages. Pure functions, no input or output."""
