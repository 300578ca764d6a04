from events.urls import bookings, desk, judging, public

urlpatterns = [*bookings.urlpatterns, *desk.urlpatterns, *judging.urlpatterns, *public.urlpatterns]
