"""Mistakes that a caller's type checker must find: each in its line, with the code that mypy has for it."""

import gistill

gistill.digest("reviews.csv")  # error: arg-type
gistill.digest([], writer=1)  # error: arg-type
gistill.digest([], folders="report")  # error: call-arg
gistill.extract([], reader="opinions")  # error: arg-type
gistill.read_records("reviews.csv", limit="10")  # error: arg-type
gistill.annotate([], out="corpus")  # error: call-arg
gistill.Record(id="1", text="Great sound.", row=1, stars=5)  # error: call-arg
gistill.write_report(None, "report")  # error: arg-type
gistill.nothing  # error: attr-defined
