"""The reader: an encoder that marks who feels what about which thing, a sentence at a time, without torch."""

from gistill.reader.by_language import ReadersByLanguage, load_readers
from gistill.reader.decode import Reading
from gistill.reader.model import Reader, find_reader, load_reader

__all__ = ["Reader", "ReadersByLanguage", "Reading", "find_reader", "load_reader", "load_readers"]
