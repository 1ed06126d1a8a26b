"""Assessments: risks judged by their owners, signed by several people, frozen, verified."""
