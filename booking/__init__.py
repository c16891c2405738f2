"""When care happens: availability, slots, appointments, reminders, calendars, the session."""
