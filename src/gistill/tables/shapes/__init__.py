"""From any file to sheets of rows: what a source is, where its table begins, and its rows as cells by column name.

formats.py        which form a source has, and the way from there to a sheet
sheets.py         a source whose form is known: rows as cells by column name
sources.py        bytes to decoded lines: gzip, standard input, encodings
delimited.py      CSV and TSV: dialect, header, rows that survive broken quotes
binary.py         Parquet and workbooks
"""
