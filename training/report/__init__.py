"""Report of a bundle: gather the figures as JSON, then write them as one self-contained page."""
