"""A conversation to a brief: the issue, what was done, how it ended, what is next; each with the turns it rests on."""
