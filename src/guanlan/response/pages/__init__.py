"""The screens of response."""
