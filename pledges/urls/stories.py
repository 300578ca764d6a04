from django.urls import path

from pledges import feeds
from pledges.views import stories
from pledges.views.account import stories as own

urlpatterns = [
    path("stories/", stories.stories, name="stories"),
    path("stories/offer/", stories.offer, name="story-offer"),
    path("stories/sent/", stories.sent, name="story-sent"),
    path("stories/pictures/<int:pk>/", stories.picture, name="story-picture"),
    path("stories/confirm/<str:token>/", stories.confirm, name="story-confirm"),
    path("stories/confirm/<str:token>/change/", stories.change, name="story-change"),
    path("stories/consent/<str:token>/", stories.consent, name="story-consent"),
    path("stories/<slug:slug>/", stories.story, name="story"),
    path("feeds/stories/", feeds.StoryFeed(), name="feed-stories"),
    path("feeds/stories/areas/<slug:slug>/", feeds.AreaStoryFeed(), name="feed-stories-area"),
    path("feeds/stories/places/<slug:slug>/", feeds.PlaceStoryFeed(), name="feed-stories-place"),
    path("account/partners/<slug:slug>/stories/", own.stories, name="account-stories"),
    path("account/partners/<slug:slug>/stories/offer/", own.offer, name="account-story-offer"),
    path("account/partners/<slug:slug>/stories/<int:pk>/", own.change, name="account-story"),
    path("account/partners/<slug:slug>/stories/<int:pk>/take-down/", own.take_down, name="account-story-take-down"),
]
