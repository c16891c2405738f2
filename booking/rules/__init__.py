"""The rules of booking: pure, no database, no clock, no web."""
