"""Analyze, revise, fine-tune: a teacher's summaries, what is mended in them, and students that learn from each."""
