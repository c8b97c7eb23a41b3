"""A report explored: everybody's opinions filtered, counted and compared, from an index beside it.

index.py    what a report counts, in SQLite
slices.py   questions to it: people, points and quotations of a filter; two slices compared
"""
