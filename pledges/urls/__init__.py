from pledges.urls import account, people, public, recognitions, resources, reviews, signing, stories

urlpatterns = [
    *public.urlpatterns,
    *signing.urlpatterns,
    *account.urlpatterns,
    *recognitions.urlpatterns,
    *people.urlpatterns,
    *reviews.urlpatterns,
    *stories.urlpatterns,
    *resources.urlpatterns,
]
