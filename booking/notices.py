"""What people are told about an appointment, after the change that made it so."""

from core.jobs import RETRY, jobs


@jobs.task(retry=RETRY, queue="notices")
def announce(appointment_id: str, version: int) -> None:
    """Tell everyone concerned of `version` of an appointment."""
