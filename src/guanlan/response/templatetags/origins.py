"""What something was made for, in templates."""

from __future__ import annotations

from django import template

from guanlan.response.origins import thing_link

register = template.Library()
register.simple_tag(thing_link)
