"""What the form asks while one types, by the rules that judge the sending."""
