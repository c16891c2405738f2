"""What a lost ground or a changed calendar does to what is booked."""
