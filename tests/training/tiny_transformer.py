"""A sentence-transformers folder of one narrow layer with random weights."""

from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from transformers import BertConfig, BertModel, BertTokenizer

WIDTH = 16
WORDS = ("order", "invoice", "login", "my", "is", "late", "wrong", "does", "not", "work", "##s")


def write_tiny_transformer(folder: Path) -> Path:
    """Write the model; its weights come from a fixed seed."""
    folder.mkdir(parents=True)
    pieces = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS)
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    plain = folder / "plain"
    BertModel(config).save_pretrained(plain)
    BertTokenizer(vocab=str(folder / "vocab.txt")).save_pretrained(plain)
    words = Transformer(str(plain), max_seq_length=32)
    SentenceTransformer(modules=[words, Pooling(WIDTH)], device="cpu").save(str(folder / "model"))
    return folder / "model"
