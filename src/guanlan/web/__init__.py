"""The console's kit: look, places, words, sign-in."""
