"""Look at exports before anything is fitted: what blocks a run, and what deserves a look."""
