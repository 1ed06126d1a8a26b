"""Whether everything runs, and what to do where it does not."""

from __future__ import annotations

import platform
import shutil
from typing import Final

import django
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_safe

import guanlan
from guanlan.fraud import engine_access, figures, projector
from guanlan.fraud.faults import fault_words
from guanlan.fraud.models import Program
from guanlan.web.rights import needs, subject_of_request

ENGINE: Final = {
    "ready": pgettext_lazy("state of the engine", "ready"),
    "failed": pgettext_lazy("state of the engine", "failed"),
    "closed": pgettext_lazy("state of the engine", "closed"),
}
BEHIND = 8 << 20  # bytes of log not yet projected that deserve a word


@needs("see", "core.health")
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Log, projection, engine, versions."""
    engine = engine_access.current()
    disk = shutil.disk_usage(settings.DATA)
    log = figures.log_state()
    following = projector.current()
    context = {
        "repair": engine.repaired if engine else None,
        "warm_error": engine.warm_error if engine else "",
        "compile_error": engine.kernel.warm_error if engine else "",
        "projector_failure": fault_words(following.failure) if following else "",
        "raising_failure": fault_words(following.raising_failure) if following else "",
        "log": log,
        "slow": log.behind > BEHIND,
        "segments": _segments(),
        "engine": engine,
        "log_fault": fault_words(log.reason),
        "engine_word": ENGINE[engine.state] if engine else "",
        "stats": engine.stats if engine else None,
        "digest": engine.program.digest if engine else "",
        "programs": Program.objects.for_user(subject_of_request(request)).order_by("-position")[
            :20
        ],
        "free": disk.free,
        "free_share": disk.free / disk.total,
        "versions": [
            ("Guanlan", guanlan.__version__),
            ("Python", platform.python_version()),
            ("Django", django.get_version()),
            (connection.display_name, ".".join(str(part) for part in _database_version())),
        ],
    }
    part = "fraud/health_moving.html" if getattr(request, "htmx", False) else "fraud/health.html"
    return render(request, part, context)


def _segments() -> tuple[int, int]:
    """How many segments the log has on disk, and their bytes."""
    if not settings.LOG_DIRECTORY.is_dir():
        return 0, 0
    files = list(settings.LOG_DIRECTORY.glob("*.glog"))
    return len(files), sum(file.stat().st_blocks * 512 for file in files)


def _database_version() -> tuple[int, ...]:
    return connection.get_database_version()
