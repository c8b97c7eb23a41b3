"""Opinions to aspects: terms that mean one thing joined, people counted, likes and dislikes named."""
