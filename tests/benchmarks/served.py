from django.http import HttpResponse
from django.urls import include, path

handler404, handler500 = "oiep.views.not_found", "oiep.views.server_error"


def bare(request, size):
    """A page of so many bytes, through the same middleware."""
    return HttpResponse("x" * size)


urlpatterns = [path("bare/<int:size>/", bare), path("", include("oiep.urls"))]
