from events.urls import bookings, public

urlpatterns = [*bookings.urlpatterns, *public.urlpatterns]
