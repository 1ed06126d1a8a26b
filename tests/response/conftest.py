from __future__ import annotations

import tests.web.installation  # noqa: F401 - sets Django up
