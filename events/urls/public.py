from django.urls import path

from events.feeds import EventFeed
from events.views import public

urlpatterns = [
    path("events/", public.events, name="events"),
    path("events/calendar.ics", public.calendar, name="events-calendar"),
    path("feeds/events/", EventFeed(), name="feed-events"),
    path("events/photographs/<int:pk>/", public.photograph, name="photograph"),
    path("events/materials/<int:pk>/", public.material, name="material"),
    path("events/<slug:slug>/", public.event, name="event"),
    path("events/<slug:slug>/calendar.ics", public.event_calendar, name="event-calendar"),
]
