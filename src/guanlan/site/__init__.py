"""The assembled platform: settings, routes, the door, the command line."""
