"""Memory of a process that loads once and answers for months."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CDLL


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage while much is loaded, of which nearly all is kept.

    Each collection looks at all that is there already: a fifth of the time of loading.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def settle() -> None:
    """Leave all that is loaded out of later garbage collections, until it is settled again.

    A full collection looks at every vocabulary and article: a tenth of a second in which nobody is
    answered. One is made now; the later ones look at what requests leave behind. What loading
    needed for a while goes back to the system, which the C library would not do by itself.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    trim = getattr(CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim:
        trim(0)
