"""Rules of booking: pure functions of data. No database, no clock, no web; `now` is given."""
