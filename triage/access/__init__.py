"""Who may ask: keys, what they are good for, and how often."""
