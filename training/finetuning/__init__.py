"""Contrastive fine-tuning of one encoder on few labels, kept only where it wins."""
