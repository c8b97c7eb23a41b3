"""Gold and predictions in, scorecards out. Nothing here knows a model."""
