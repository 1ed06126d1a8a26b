"""The committee's pack of an assessment, to be downloaded."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from guanlan.core.audit import record
from guanlan.risk.assessment.pack import workbook
from guanlan.risk.models import Assessment
from guanlan.risk.models.assessments import ASSESSMENT
from guanlan.web.rights import needs, subject_of_request


@needs("export", ASSESSMENT)
@require_safe
@never_cache
def pack(request: HttpRequest, identity: int) -> FileResponse:
    """The workbook of what is signed; 404 before there is any. Taking it is written down."""
    rows = Assessment.objects.for_user(subject_of_request(request), "export")
    row = get_object_or_404(rows.select_related("previous"), pk=identity)
    file = workbook(row)
    if file is None:
        raise Http404
    record("list.export", row, detail={"format": "xlsx"})
    return FileResponse(file, as_attachment=True, filename=f"assessment-{row.pk}.xlsx")
