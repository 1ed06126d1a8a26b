"""The console as a WSGI application; the door mounts it beside the API."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from guanlan.core.access.factors import demanding_roles
from guanlan.web.rights import check_rights

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guanlan.site.settings")

application = get_wsgi_application()
check_rights()  # a route without a right stops the start
demanding_roles()  # so does a role in the settings that is none
