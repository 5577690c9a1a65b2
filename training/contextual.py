"""Train the contextual student: ``TRIAGE_DATASETS=... python -m training.contextual``.

Runs after ``python -m training.distill`` and starts from its vocabulary, table and teacher vectors.
What that run keeps apart (``training.distill.corpus``) is no pair of this one either; support
articles that stay are read whole, with sentences they share with those left out.
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from tokenizers import Tokenizer
from transformers import BertModel, PreTrainedTokenizerFast

from training.distill.contextual import ContextualRecipe, ContextualStudent, Lessons
from training.distill.corpus import Corpus, Pair, datasets, read_corpus
from training.distill.joined import join_neighbours
from training.distill.pieces import SPECIAL, Pieces, first_rows, is_word, prune
from training.distill.teacher import embed, embed_in_parts, load_teacher, project
from training.distill.texts import draw_weights, tokenise
from training.encoder_files import (
    ENCODERS,
    SPACE,
    Space,
    read_space,
    replace_folder,
    teacher_folder,
)
from triage.encoders.static import ROWS, SCALES, TOKENIZER, StaticEncoder, load_tokenizer
from triage.errors import EncoderError, ExportError, TriageError

LEFT_OUT = Path(__file__).parents[1] / "data" / "alchemy_left_out.txt"
STATIC = ENCODERS / "static"
WORK = Path(".triage/distill")
STUDENT = "contextual"
"""Folder of the trained student below the working folder."""
LONGEST = 256
"""Tokens of a text that the finished student reads, as many as its teacher."""


def learn(corpus: Corpus, recipe: ContextualRecipe, work: Path) -> tuple[BertModel, Tokenizer]:
    """Train the student on a corpus, going on where an earlier run stopped.

    Raises:
        ConfigError: When the vocabulary has no room for the single characters.
        EncoderError: When table, space or teacher is missing or one is of another space.
        ExportError: When there is nothing to learn from.
    """
    space = read_space(SPACE)
    folder = teacher_folder(space)
    table = read_table(space)
    joined = join_neighbours(corpus)
    if not (corpus.pairs and joined):
        raise ExportError(
            f"{len(corpus.pairs)} pairs, {len(joined)} joined stretches: too little.",
            fix="Give a corpus with sentences that follow each other.",
        )
    tokenizer = pieces_of(corpus, recipe.vocabulary)
    teach = partial(embed, load_teacher(folder))
    parts = work / f"teacher-{space.teacher_sha256[:12]}"
    # All English texts, as the table had them: their teacher vectors lie in the working folder.
    sentences = make_lessons(corpus.pairs, corpus.english(), tokenizer, space, parts, teach)
    english = list(dict.fromkeys(pair.english for pair in joined))
    longer = make_lessons(joined, english, tokenizer, space, parts, teach)
    layers = BertModel.from_pretrained(
        str(folder), attn_implementation="eager", add_pooling_layer=False
    )
    words = load_tokenizer(folder / TOKENIZER).get_vocab()
    rows = start_rows(layers, words, tokenizer, table)
    student = ContextualStudent(layers, rows, space.projection, Pieces(tokenizer), recipe)
    key = f"{corpus.fingerprint()}{tokenizer.to_str()}{asdict(recipe)}"
    checkpoint = work / f"contextual-{sha256(key.encode()).hexdigest()[:12]}.pt"
    return student.train(sentences, longer, checkpoint, typer.echo), tokenizer


def read_table(space: Space) -> StaticEncoder:
    """Load the table, in whose space the student starts.

    Raises:
        EncoderError: When it is missing, changed or of another space.
    """
    table = StaticEncoder.load(STATIC)
    if table.space != space.fingerprint():
        raise EncoderError(
            f"{STATIC}: a table of another space than {SPACE}.",
            fix="Run python -m training.distill.",
        )
    return table


def pieces_of(corpus: Corpus, size: int) -> Tokenizer:
    """Keep of the table's pieces those that the foreign side of the corpus uses most.

    Raises:
        ConfigError: When the size has no room for the single characters.
    """
    whole = load_tokenizer(STATIC / TOKENIZER)
    tokens, _ = tokenise(whole, list(dict.fromkeys(pair.foreign for pair in corpus.pairs)))
    return prune(whole, np.bincount(tokens, minlength=whole.get_vocab_size()), size)


def make_lessons(
    pairs: Sequence[Pair],
    english: Sequence[str],
    tokenizer: Tokenizer,
    space: Space,
    parts: Path,
    teach: Callable[[Sequence[str]], NDArray[np.float16]],
) -> Lessons:
    """Tokenise the foreign side of pairs and embed the English one with the teacher.

    Args:
        pairs: One or more pairs.
        english: Unique texts, the English side of every pair among them.
        tokenizer: The student's.
        space: Space that the teacher's rows are projected into.
        parts: Folder of the teacher's rows, taken over from earlier runs over the same texts.
        teach: Gives unit rows of the teacher, shape ``(n, teacher dim)``.
    """
    targets = project(embed_in_parts(teach, english, parts, typer.echo), space.projection)
    row = {text: number for number, text in enumerate(english)}
    tokens, offsets = tokenise(tokenizer, [pair.foreign for pair in pairs])
    return Lessons(
        tokens=tokens,
        offsets=offsets,
        answer=np.array([row[pair.english] for pair in pairs], np.int64),
        targets=targets,
        chance=np.cumsum(draw_weights(pairs)),
    )


def start_rows(
    layers: BertModel, words: dict[str, int], tokenizer: Tokenizer, encoder: StaticEncoder
) -> NDArray[np.float32]:
    """Find the first input row of each piece by the table, shape ``(vocabulary, width)``.

    Args:
        layers: The teacher's transformer.
        words: The teacher's word pieces and their numbers.
        tokenizer: The student's, whose pieces are the table's.
        encoder: The table.
    """
    weight = layers.embeddings.word_embeddings.weight.detach().numpy()
    known = {word: weight[number] for word, number in words.items()}
    pieces = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    place = load_tokenizer(STATIC / TOKENIZER).get_vocab()
    at = [place.get(piece, 0) for piece, _ in pieces]
    rows, scales = np.load(STATIC / ROWS), np.load(STATIC / SCALES)
    table = rows[at].astype(np.float32) * scales[at].astype(np.float32)[:, None]
    whole = [word for word in known if is_word(word)]
    return first_rows(tokenizer, table, known, encoder.encode(whole))


def write_student(layers: BertModel, tokenizer: Tokenizer, folder: Path) -> None:
    """Write the student as a sentence-transformers folder; an earlier one is replaced."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".student-") as scratch:
        plain = Path(scratch) / "transformer"
        layers.save_pretrained(plain)
        pad, unknown, begin, end = SPECIAL
        PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # transformers leaves it untyped
            tokenizer_object=tokenizer,
            pad_token=pad,
            unk_token=unknown,
            cls_token=begin,
            sep_token=end,
            model_max_length=LONGEST,
        ).save_pretrained(plain)
        with torch.random.fork_rng():
            # BERT brings a pooling layer that nothing uses; seeded, equal students are equal files.
            torch.manual_seed(0)
            transformer = Transformer(str(plain), max_seq_length=LONGEST)
        pooling = Pooling(layers.config.hidden_size, pooling_mode="mean")
        SentenceTransformer(modules=[transformer, pooling], device="cpu").save(f"{scratch}/whole")
        replace_folder(Path(scratch) / "whole", folder)


def main(
    steps: Annotated[int, typer.Option(help="Steps of the student.")] = ContextualRecipe().steps,
    seed: Annotated[int, typer.Option(help="Seed of every draw.")] = 0,
    work: Annotated[Path, typer.Option(help="Where finished stages are kept.")] = WORK,
    threads: Annotated[int, typer.Option(min=1, help="Threads of torch.")] = os.cpu_count() or 1,
    accept_unknown_corpus: Annotated[
        bool, typer.Option(help="Take a parallel corpus whose SHA-256 is not known.")
    ] = False,
) -> None:
    """Train the contextual student. Example: python -m training.contextual --steps 1700."""
    torch.set_num_threads(threads)
    try:
        recipe = ContextualRecipe(seed=seed, steps=steps)
        corpus = read_corpus(datasets(), LEFT_OUT, accept_unknown=accept_unknown_corpus)
        typer.echo(", ".join(f"{name} {count}" for name, count in corpus.rows.items()))
        layers, tokenizer = learn(corpus, recipe, work)
        write_student(layers, tokenizer, work / STUDENT)
    except TriageError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"Wrote {work / STUDENT}; tune and export it with python -m training.tuning")


if __name__ == "__main__":
    typer.run(main)
