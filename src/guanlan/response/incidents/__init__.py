"""Incidents: declared by hand or by a criterion, led by people with roles, closed and learnt from.

from guanlan.response.incidents.declaring import declare

declare(subject, "Payments stand still", "operations", "major", now=now, urgency="high")
"""
