"""How drafts sound: canned text, voices of brands, tone, waiting times, and what blocks a draft."""
