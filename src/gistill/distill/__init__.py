"""Walk 2: a pile of records and a large model in, clean training data and small models taught by it out.

tasks.py        a skill as a teacher is asked: the question, what of an answer is kept, what a student learns
evidence.py     records to the inputs of summaries, for the skills that name it
plan.py         records to the texts to ask about: duplicates and leaks out, a budget's worth chosen
choose.py       which texts a budget is spent on
agree.py        several answers to one question: what they agree on
corpus.py       sharded rows with their provenance, resumable
settings.py     everything that annotating is told, in one object
annotate.py     the walk: `annotate`, as `gistill annotate` and `gistill.annotate` call it
asking.py       its one loop, into which whoever answers is put
estimating.py   the walk without a call, and with twenty texts
batches.py      the walk through a provider's batch files
card.py         the data card
"""
