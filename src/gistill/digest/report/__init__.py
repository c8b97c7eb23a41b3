"""A digest to the files somebody reads: a page, Markdown, JSON and CSV."""
