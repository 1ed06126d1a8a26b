"""What is not well with the platform itself, as alerts like any other: jobs that failed or are
late, an audit log that could not be written, a sink that does not hold what it should."""
