"""Run the figures of ``training.ranking.quality``."""

import typer

from training.ranking.quality import main

if __name__ == "__main__":
    typer.run(main)
