from django.urls import path

from events.views import bookings

urlpatterns = [
    path("events/confirm/<str:token>/", bookings.confirm, name="registration-confirm"),
    path("events/booking/<str:token>/", bookings.manage, name="registration"),
    path("events/booking/<str:token>/change/", bookings.change, name="registration-change"),
    path("events/<slug:slug>/book/", bookings.book, name="event-book"),
    path("events/<slug:slug>/booked/", bookings.booked, name="event-booked"),
]
