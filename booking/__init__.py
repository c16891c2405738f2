"""When: availability, slots, holds, appointments, reminders, the online session."""
