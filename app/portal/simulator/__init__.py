"""Both generations of the portal's interface as a process of its own, with faults switched on while it runs."""
