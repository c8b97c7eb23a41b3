"""What a report would say without the reader's mistakes: known error, spot checks, marks that somebody chose."""
