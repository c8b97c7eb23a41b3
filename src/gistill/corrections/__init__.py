"""What people put right in a report, as data: each correction is keyed to an opinion and can be applied again.

form.py          the nouns, the file, what makes one correction of another
training.py      corrections as rows of marks to train on
agreement.py     how far people agree
queue.py         which sentences teach most
tasks.py         a sentence as people are asked about it; opinions as regions and relations
page.py          the offline page
label_studio.py  tasks out, annotations in
doccano.py       lines out and in
"""
