"""Rules of the directory: pure functions of data. No database, no clock, no web."""
