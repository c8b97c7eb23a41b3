"""Parquet files: a source in, a `Sheet` out, streamed."""

from __future__ import annotations

from typing import BinaryIO

from gistill.errors import InputError
from gistill.schema import Failure
from gistill.tables.shapes.sheets import Row, Rows, Sheet, flatten
from gistill.tables.shapes.sources import ByteSource

_BATCH = 1024  # rows


def open_parquet(source: ByteSource) -> Sheet:
    """Open a Parquet file; members of structs are columns named with a dot, lists stay lists."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    handle = source.seekable()
    try:
        table = pq.ParquetFile(handle)
    except (pa.ArrowException, OSError) as error:
        handle.close()
        raise InputError(f"is not a Parquet file that can be read: {_first_line(error)}", file=source.name) from None
    return Sheet("parquet", _parquet_rows(handle, table), tuple(_parquet_names(table.schema_arrow)))


def _parquet_names(schema: object) -> list[str]:
    import pyarrow as pa

    def names(field: object, prefix: str) -> list[str]:
        name = f"{prefix}{field.name}"  # type: ignore[attr-defined]
        if pa.types.is_struct(field.type):  # type: ignore[attr-defined]
            return [inner for member in field.type for inner in names(member, f"{name}.")]  # type: ignore[attr-defined]
        return [name]

    return [name for field in schema for name in names(field, "")]  # type: ignore[attr-defined]


def _parquet_rows(handle: BinaryIO, table: object) -> Rows:
    import pyarrow as pa

    number = 0
    try:
        for batch in table.iter_batches(batch_size=_BATCH):  # type: ignore[attr-defined]
            # A nanosecond or a time zone without its data base would make to_pylist fail; the day does not need them.
            columns = [
                column.cast(pa.timestamp("us"), safe=False) if pa.types.is_timestamp(column.type) else column
                for column in batch.columns
            ]
            for cells in pa.RecordBatch.from_arrays(columns, names=batch.schema.names).to_pylist():
                number += 1
                yield Row(number, flatten(cells))
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        detail = f"nothing can be read after this row: {_first_line(error)}"
        yield Failure(kind="unreadable", row=number, detail=detail)
    finally:
        handle.close()


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0][:200]
