"""What is wrong with a summary, held against its source: the codes of errors, and rules that find them.

taxonomy.py   the codes E1 to E14 as data (taxonomy.yaml), and a user's own copy
fault.py      the noun: one error with its code, its places, who found it
reading.py    a text as the rules see it: sentences, who says them, words that need evidence
evidence.py   which sentences of the source bear a stretch of the summary out
values.py     numbers, dates, ids, names; personal data
meaning.py    negation, opposites, hedges, promises told as done, degree
people.py     who did what; what is missing; "everyone"
shape.py      repetition, greetings, length, cut sentences, marks
rules.py      all rules, and which of them can be asked about a summary
critic.py     a small cross-encoder that reads a sentence beside its evidence
"""
