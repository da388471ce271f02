"""tiendo57: how a Vietnamese city follows Resolution 57-NQ/TW."""

__version__ = "0.1.0"
