"""What is wrong with the summaries of any model: how often, where, and what mends it.

cases.py    a table of summaries and sources to cases
judging.py  a language model as the judge
tiers.py    rules, critic and judge asked about cases
figures.py  findings to rates with intervals, and how far the tiers agree
run.py      the walk of `gistill analyze`
page.py     the report as a page
mending.py  what rules mend
gate.py     whether a mended summary may take the original's place
revising.py the walk of `gistill revise`
revised.py  its folder and page
rows.py     revisions as data to train on
"""
