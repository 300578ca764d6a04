from working_groups.urls import meetings, public

urlpatterns = [*public.urlpatterns, *meetings.urlpatterns]
