"""The key by which dossiers are hashed: from a file that the settings name."""

from pathlib import Path

from app.core.errors import Unavailable
from app.core.settings import Settings
from app.portal.events.service import Keys

LEAST = 32
DEMONSTRATION = b"demonstration: made-up dossiers are nobody's secret"


def keys_of(settings: Settings) -> Keys:
    """Return what the settings decide of events; raises Unavailable without a key of at least 32 bytes."""
    if settings.portal_key_file is None:
        if settings.demonstration:
            return Keys(DEMONSTRATION, settings.portal_stopped_ends)
        raise Unavailable("portal_key_missing", retry_after=3600)
    try:
        secret = Path(settings.portal_key_file).read_bytes().strip()
    except OSError:
        raise Unavailable("portal_key_missing", retry_after=3600) from None
    if len(secret) < LEAST:
        raise Unavailable("portal_key_missing", retry_after=3600)
    return Keys(secret, settings.portal_stopped_ends)
