"""Tables in and out: CSV, TSV, JSONL, JSON, Parquet, XLSX, lines and folders; errors carry file, row and column.

shapes/           any file to sheets of rows: encodings, dialects, headers, JSON, workbooks, mail, archives
values.py         what a cell means: ratings, languages, names
dates.py          days, in every absolute form, and relative ones from a day that is given
facts.py          what the sampled cells of a column hold
asked.py          what a column's name says of whose words it holds, and of which side
texts.py          which columns hold the customer's words
columns.py        which column plays which role
names.py          what columns are called, in many languages
conversations.py  messages as one text with turns
threads.py        conversations over several rows
transcripts.py    labels inside a cell ("Agent: ... Customer: ...") as turns
parts.py          cells to the text of a record, and the way back
markup.py         HTML tags in cells
apart.py          what stands in a cell and is not the customer's
boilerplate.py    long passages that recur over many cells
repair.py         letters decoded wrongly, HTML entities, escapes of workbooks
identity.py       which record is which, whatever else changes
senders.py        who is the company, by who writes to whom
said.py           what a row says, of its messages or of its text columns
info.py           what was found out about a source
media.py          pictures and sound of records as text
records.py        rows to records: open_table, read_records, inspect_table
telling.py        what is read and what is not, in two sentences
outputs.py        write_jsonl, read_jsonl, write_csv, csv_lines
"""

from gistill.tables.info import TableInfo
from gistill.tables.outputs import csv_lines, read_jsonl, write_csv, write_jsonl
from gistill.tables.records import Records, Table, inspect_table, open_table, read_records
from gistill.tables.shapes.frames import is_frame
from gistill.tables.telling import tell

__all__ = [
    "Records",
    "Table",
    "TableInfo",
    "csv_lines",
    "inspect_table",
    "is_frame",
    "open_table",
    "read_jsonl",
    "read_records",
    "tell",
    "write_csv",
    "write_jsonl",
]
