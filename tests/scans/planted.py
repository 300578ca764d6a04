"""The site with faults of each kind under /planted/, on which scanners prove themselves."""

from django.db import connection
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import include, path

handler404, handler500 = "oiep.views.not_found", "oiep.views.server_error"


def start(request):
    return HttpResponse('<a href="said/?words=hello">a</a> <a href="found/?slug=bakery">b</a> <a href="on/?to=/">c</a>')


def said(request):
    """Writes what it is given as it is."""
    return HttpResponse(f"<!DOCTYPE html><title>Said</title><p>{request.GET.get('words')}</p>")


def found(request):
    """Puts what it is given into a query as it is."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name FROM partners_partner WHERE slug = '{request.GET.get('slug')}'")  # noqa: S608
        return HttpResponse(f"<!DOCTYPE html><title>Found</title><p>{len(cursor.fetchall())} found</p>")


def on(request):
    """Sends on to wherever it is told."""
    return HttpResponseRedirect(request.GET.get("to", "/"))


urlpatterns = [
    path("planted/", start),
    path("planted/said/", said),
    path("planted/found/", found),
    path("planted/on/", on),
    path("", include("oiep.urls")),
]
