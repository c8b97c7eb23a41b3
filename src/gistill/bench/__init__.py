"""Benchmarks: systems times sets, each answer kept on disk, into one table of scores."""
