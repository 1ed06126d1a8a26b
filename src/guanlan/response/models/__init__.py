"""The tables of response, one module a subject.

entities  what alerts, cases and restrictions speak of
"""

from guanlan.response.models.entities import EntityRef

__all__ = ["EntityRef"]
