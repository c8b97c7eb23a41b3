"""What opinions bear out: a sentence checked against what it cites, and quotes chosen to stand for many."""
