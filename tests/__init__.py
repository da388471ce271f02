"""Tests. While pytest reads them there is nothing to throw away, and to look for it costs a fifth of the reading;
`conftest.py` turns the collector on again.
"""

import gc
import sys

if "pytest" in sys.modules:
    gc.disable()
