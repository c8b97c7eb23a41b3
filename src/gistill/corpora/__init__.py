"""Public data sets: one module each, with address, licence, checksums and parser. No data is shipped with the code."""
