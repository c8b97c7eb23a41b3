"""Train a writer: a recipe and examples to an adapter or a whole model, checked and exported."""
