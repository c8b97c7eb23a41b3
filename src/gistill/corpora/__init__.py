"""Public data sets: one module each, with its address, licence, checksums and parser. No data is shipped with the code."""
