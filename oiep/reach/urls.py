from django.urls import path

from oiep.reach.views import badge, embeds

urlpatterns = [
    path("partners/<slug:slug>/badge.svg", badge.picture, name="partner-badge"),
    path("account/partners/<slug:slug>/badge/", badge.own, name="account-badge"),
    path("embed/", embeds.for_your_site, name="embed"),
    path("embed/partners/", embeds.partner_list, name="embed-list"),
    path("embed/counter/", embeds.counter, name="embed-counter"),
    path("embed/badge/<slug:slug>/", badge.framed, name="embed-badge"),
]
