from django.urls import path

from working_groups.views import calendar, meetings, papers

_OF_GROUP = "working-groups/<slug:slug>/"
_MEETING = f"{_OF_GROUP}meetings/<int:pk>/"

urlpatterns = [
    path(f"{_OF_GROUP}meetings/", meetings.meetings, name="group-meetings"),
    path(f"{_OF_GROUP}meetings/new/", meetings.add, name="meeting-add"),
    path(_MEETING, meetings.meeting, name="meeting"),
    path(f"{_MEETING}change/", meetings.change, name="meeting-change"),
    path(f"{_MEETING}call/", meetings.call, name="meeting-call"),
    path(f"{_MEETING}cancel/", meetings.cancel, name="meeting-cancel"),
    path(f"{_MEETING}minutes/", meetings.minutes, name="meeting-minutes"),
    path(f"{_MEETING}publish/", meetings.publish, name="meeting-publish"),
    path(f"{_OF_GROUP}papers/", papers.papers, name="group-papers"),
    path(f"{_OF_GROUP}papers/new/", papers.add, name="paper-add"),
    path(f"{_OF_GROUP}papers/<int:pk>/", papers.manage, name="paper-manage"),
    path("working-groups/papers/<int:pk>/", papers.paper, name="paper"),
    path("working-groups/calendar/<str:key>.ics", calendar.feed, name="calendar-feed"),
    path("account/calendar/", calendar.calendar, name="calendar"),
]
