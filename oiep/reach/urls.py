from django.urls import path

from oiep.reach import feeds
from oiep.reach.views import badge, documents, embeds, following

urlpatterns = [
    path("partners/<slug:slug>/badge.svg", badge.picture, name="partner-badge"),
    path("partners/<slug:slug>/certificate.pdf", documents.certificate, name="partner-certificate"),
    path("partners/<slug:slug>/share.png", documents.share_partner, name="partner-share"),
    path("stories/<slug:slug>/share.png", documents.share_story, name="story-share"),
    path("share.png", documents.share, name="share"),
    path("posters/", documents.posters, name="posters"),
    path("posters/<slug:slug>/<slug:language>.pdf", documents.poster, name="poster"),
    path("account/partners/<slug:slug>/badge/", badge.own, name="account-badge"),
    path("embed/", embeds.for_your_site, name="embed"),
    path("embed/partners/", embeds.partner_list, name="embed-list"),
    path("embed/counter/", embeds.counter, name="embed-counter"),
    path("embed/badge/<slug:slug>/", badge.framed, name="embed-badge"),
    path("feeds/partners/<slug:slug>/", feeds.RecordFeed(), name="feed-partner"),
    path("follow/<slug:kind>/<slug:slug>/", following.follow, name="follow"),
    path("follow/<slug:kind>/<slug:slug>/sent/", following.sent, name="follow-sent"),
    path("following/confirm/<str:token>/", following.confirm, name="follow-confirm"),
    path("following/<str:token>/", following.manage, name="following"),
    path("following/<str:token>/stop/", following.stop, name="following-stop"),
]
