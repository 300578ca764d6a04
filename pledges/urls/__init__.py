from pledges.urls import account, public, reviews, signing

urlpatterns = [*public.urlpatterns, *signing.urlpatterns, *account.urlpatterns, *reviews.urlpatterns]
