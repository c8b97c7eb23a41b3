"""Opinions to aspects and to points, with the people behind each counted.

grouping.py   opinions to aspects: terms that mean one thing joined, likes and dislikes named
terms.py      the normal form of a term; cluster.py joins those that mean one thing, taxonomy.py those a user names
phrases.py    pros and cons: the opinion words that most people used
points.py     opinions to points: what several people say alike; linking.py clusters them
tally.py      the counting
"""
