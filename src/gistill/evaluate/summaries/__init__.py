"""Scores of summaries: against references, sources and evidence. Extra: eval."""
