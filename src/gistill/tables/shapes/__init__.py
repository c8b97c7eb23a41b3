"""From any file to sheets of rows: what a source is, where its table begins, and its rows as cells by column name.

formats.py        which form a source has, and the way from there to a sheet
sheets.py         a source whose form is known: rows as cells by column name
sources.py        bytes to decoded lines: gzip, standard input
charsets.py       which encoding some bytes are in
headers.py        titles, preambles, header rows and their questions
grids.py          rows of cells to rows of named cells
csvs.py           CSV and TSV
delimited.py      their dialect, and rows that survive broken quotes
jsons.py          JSON lines and documents
nested.py         where in a nested document the records are
talks.py          conversations as help desks nest them
parquet.py        Parquet files
workbooks.py      workbooks, measured before they are held
markup.py         HTML tables and XML
html.py           HTML to its tables or its words
texts.py          lines, paragraphs, fields, whole texts
chats.py          chats and transcripts
mail.py           messages and mailboxes
archives.py       zip archives, bounded
folders.py        folders of texts or tables
several.py        several tables as one
limits.py         how much is read at most
"""
