"""What is to be sent to other systems: written with what caused it, sent by a worker, again until it is there."""
