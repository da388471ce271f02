"""Logs as lines of JSON (or plain on a terminal); never a body, a password or a token in them."""

import logging

import structlog

from app.core.settings import Settings


def configure(settings: Settings) -> None:
    """Set structlog up once for the process."""
    renderer = structlog.processors.JSONRenderer() if settings.log_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.log_level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=None),
        cache_logger_on_first_use=True,
    )
