from django.urls import path

from partners import feeds, views

urlpatterns = [
    path("partners/<slug:slug>/contact/", views.contact, name="partner-contact"),
    path("partners/<slug:slug>/contact/sent/", views.contact_sent, name="partner-contact-sent"),
    path("feeds/partners/", feeds.PartnerFeed(), name="feed-partners"),
    path("feeds/partners/areas/<slug:slug>/", feeds.AreaPartnerFeed(), name="feed-partners-area"),
    path("feeds/partners/places/<slug:slug>/", feeds.PlacePartnerFeed(), name="feed-partners-place"),
]
