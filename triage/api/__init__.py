"""HTTP over the service; the only floor besides the pages that knows what a status is."""
