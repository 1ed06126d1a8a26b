"""What is compressed on its way: the console's own files always, pages when they were looked at.

Compression beside a secret tells its length (BREACH), when an attacker can make the browser of
somebody signed in ask again and again with text of his own in the page. Here cookies are
`SameSite=Lax`, the token of forms is masked anew in each answer, and Django's middleware pads
each answer by a random length; answers to what was posted, among them what is revealed and keys
shown once, and attachments are not compressed at all. `docs/decisions` says more.
"""

from __future__ import annotations

import gzip
from typing import Final, NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_vary_headers

FILES: Final = ("text/css", "text/javascript", "application/javascript", "image/svg+xml")
PAGES: Final = ("text/html", "application/json")


class _Kept(NamedTuple):
    version: str
    body: bytes


class Compressed(GZipMiddleware):
    """Compresses files once and keeps them; pages as Django does."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        wanted = "gzip" in request.headers.get("Accept-Encoding", "")
        if request.method != "GET" or response.has_header("Content-Encoding"):
            return response
        if request.path.startswith(settings.STATIC_URL):
            patch_vary_headers(response, ("Accept-Encoding",))
            if wanted and kind in FILES and response.status_code == 200:
                return self._file(request.path, response)
            return response
        if isinstance(response, StreamingHttpResponse) or kind not in PAGES:
            return response
        if isinstance(response, HttpResponse):
            return super().process_response(request, response)
        return response

    def _file(self, path: str, response: HttpResponseBase) -> HttpResponseBase:
        if not isinstance(response, StreamingHttpResponse):
            return response
        version = response.headers.get("Last-Modified", "")
        kept = _files.get(path)
        if kept is None or kept.version != version:
            plain = response.getvalue()
            kept = _Kept(version, gzip.compress(plain, 9, mtime=0))
            _files[path] = kept
        response.close()
        headers = dict(response.headers.items())
        headers |= {"Content-Encoding": "gzip", "Content-Length": str(len(kept.body))}
        return HttpResponse(kept.body, headers=headers)


_files: dict[str, _Kept] = {}
