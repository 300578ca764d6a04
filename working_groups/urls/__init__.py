from working_groups.urls import public

urlpatterns = [*public.urlpatterns]
