"""Public sets of summaries with their evidence, all as `task.SummaryTask`."""
