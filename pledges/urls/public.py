from django.urls import path

from pledges.views import public, standing

urlpatterns = [
    path("charter/", public.charter, name="charter"),
    path("charter/benefits/", public.benefits, name="benefits"),
    path("charter/how-it-works/", public.how_it_works, name="how-it-works"),
    path("charter/<int:number>/", public.charter, name="charter-version"),
    path("areas/", public.areas, name="areas"),
    path("areas/<slug:slug>/", public.area, name="area"),
    path("places/", public.places, name="places"),
    path("places/<slug:slug>/", public.place, name="place"),
    path("pledges/", public.pledges, name="pledges"),
    path("pledges/<int:pk>/", public.pledge, name="pledge"),
    path("partners/<slug:slug>/standing/", standing.partner_standing, name="partner-standing"),
]
