from pledges.urls import account, people, public, reviews, signing

urlpatterns = [
    *public.urlpatterns,
    *signing.urlpatterns,
    *account.urlpatterns,
    *people.urlpatterns,
    *reviews.urlpatterns,
]
