"""Tables and files read into a day's figures."""
