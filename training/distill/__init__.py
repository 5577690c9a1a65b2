"""Train the multilingual static table: corpus, vocabulary, teacher, student, gates, export."""
