from events.urls import bookings, judging, public

urlpatterns = [*bookings.urlpatterns, *judging.urlpatterns, *public.urlpatterns]
