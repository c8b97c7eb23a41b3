"""What people put right in a report, as data: each correction is keyed to an opinion and can be applied again.

form.py          the nouns, the file, what makes one correction of another
training.py      corrections as rows of marks to train on
"""
