"""How the connections are: the circuit breaker of each system that is called, and the page of them all."""
