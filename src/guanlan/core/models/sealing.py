"""By what the keys of the installation are recognised."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from guanlan.core.access import ScopedQuerySet


class KeyCheck(models.Model):
    """What proves a key without telling anything of it; see `guanlan.core.sealing.belonging`."""

    name = models.CharField(max_length=32, primary_key=True)
    value = models.CharField(max_length=80)

    data_levels: ClassVar[dict[int, str]] = {2: "name value"}
    objects = ScopedQuerySet["KeyCheck"].as_manager()

    def __str__(self) -> str:
        return self.name
