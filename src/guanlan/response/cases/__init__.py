"""Cases: alerts about one entity worked on together, decided, closed, and learned from."""
