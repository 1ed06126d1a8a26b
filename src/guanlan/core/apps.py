from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate, post_save
from django.utils.module_loading import import_string
from django.utils.translation import pgettext_lazy

from guanlan.core.access import levels, table
from guanlan.core.sealing import check_models


class CoreConfig(AppConfig):
    name = "guanlan.core"
    label = "core"
    verbose_name = pgettext_lazy("app", "Platform")

    def ready(self) -> None:
        levels.check_levels()
        check_models(apps.get_models())
        table.declare()
        import_string("guanlan.core.outbox.rights.declare")()
        table.declare_rest(self)
        import_module("guanlan.core.jobs.housekeeping")
        import_module("guanlan.core.ending_keys")
        import_module("guanlan.core.access.reviewing")
        import_module("guanlan.core.sealing.moving")
        import_module("guanlan.core.sealing.telling")
        import_module("guanlan.core.audit.copying")
        import_module("guanlan.core.audit.telling")
        # This module is read before there are models, and these need them.
        owners_by_superuser = import_string("guanlan.core.access.assigning.owners_by_superuser")
        owner_by_creation = import_string("guanlan.core.access.assigning.owner_by_creation")
        post_migrate.connect(owners_by_superuser, sender=self)
        post_save.connect(owner_by_creation, sender=self.get_model("User"))
