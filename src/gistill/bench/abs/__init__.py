"""The benchmark of summaries: baselines and any system's texts, on sets with references and evidence."""
