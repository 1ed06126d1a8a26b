"""Papers on their pages."""

from __future__ import annotations

from django import template

from guanlan.response.papers import sections

register = template.Library()

register.filter("sections", sections)
