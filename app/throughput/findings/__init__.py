"""What the city still wants explained, or wants to have seen, about the reports it has received."""
