from django.urls import path

from events.views import judging, votes

urlpatterns = [
    path("judging/", judging.rounds, name="judging"),
    path("judging/invitation/<str:token>/", judging.RECEPTION.view(), name="judge-invitation"),
    path("judging/<int:year>/", judging.round_page, name="judging-round"),
    path("judging/<int:year>/interests/", judging.interests, name="judging-interests"),
    path("judging/<int:year>/entries/<int:pk>/", judging.entry, name="judging-entry"),
    path("awards/vote/<str:token>/", votes.confirm, name="award-vote-confirm"),
    path("awards/<int:year>/<slug:slug>/vote/", votes.vote, name="award-vote"),
    path("awards/<int:year>/<slug:slug>/voted/", votes.voted, name="award-voted"),
]
