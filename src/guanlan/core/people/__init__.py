"""People of the organisation: doors and their limits, sessions, invitations, the first set-up."""
