from django.http import Http404, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from oiep.impact.charts import CHARTS, GAPS_TOLD, Impact
from oiep.pages import keep
from oiep.sheets import csv_lines


@require_safe
@keep("area", "place", "kind", "year", "on")
def impact(request):
    """Promised and delivered: of all, or of the area, district, kind and year that the address names."""
    found = Impact(request.GET)
    return render(request, "impact/impact.html", {"impact": found, "charts": found.charts(), "gaps_told": GAPS_TOLD})


@require_safe
def chart_file(request, key):
    """The rows of one chart as CSV, with the same filters as the page."""
    if key not in CHARTS:
        raise Http404
    header, *rows = Impact(request.GET).chart(key).table()
    response = StreamingHttpResponse(csv_lines(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="impact-{key}.csv"'
    return response
