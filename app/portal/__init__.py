"""The national portal and the city's one-gate system: adapters, exchanges, what comes from there and is compared."""
