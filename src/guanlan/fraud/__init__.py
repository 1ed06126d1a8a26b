"""User fraud: the projection of decisions into the database, and the screens to read them."""
