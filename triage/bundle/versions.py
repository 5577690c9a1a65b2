"""The versions of this package and of the libraries that answers depend on."""

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from triage import __version__

LIBRARIES = ("numpy", "scikit-learn", "onnxruntime", "tokenizers", "safetensors")


def versions() -> dict[str, str]:
    """List the versions that run here."""
    found = {"triage": __version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def moved(made: Mapping[str, str]) -> str:
    """Tell which versions are others than those that a bundle was made with; empty if none is.

    A version says nothing about answers: golden predictions decide whether a bundle may serve.
    """
    here = versions()
    return ", ".join(
        f"{name} {made[name]} then, {here[name]} here"
        for name in made
        if name in here and made[name] != here[name]
    )
