from working_groups.urls import meetings, public, work

urlpatterns = [*public.urlpatterns, *meetings.urlpatterns, *work.urlpatterns]
