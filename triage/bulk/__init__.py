"""Label files of any size: on all cores, in bounded memory, and on again after a kill."""
