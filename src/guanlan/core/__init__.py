"""People and keys: who may sign in, which backend may call."""
