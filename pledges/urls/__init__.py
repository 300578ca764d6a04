from pledges.urls import account, people, public, recognitions, reviews, signing

urlpatterns = [
    *public.urlpatterns,
    *signing.urlpatterns,
    *account.urlpatterns,
    *recognitions.urlpatterns,
    *people.urlpatterns,
    *reviews.urlpatterns,
]
