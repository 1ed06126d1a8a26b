"""The screens of user fraud."""
