"""Aspects to summaries: a writer's sentences where they stand, else the words of the people themselves."""
