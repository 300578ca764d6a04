from events.urls import awards, bookings, desk, judging, public

urlpatterns = [
    *awards.urlpatterns,
    *bookings.urlpatterns,
    *desk.urlpatterns,
    *judging.urlpatterns,
    *public.urlpatterns,
]
