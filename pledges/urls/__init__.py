from pledges.urls import account, public, signing

urlpatterns = [*public.urlpatterns, *signing.urlpatterns, *account.urlpatterns]
