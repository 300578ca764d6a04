from django.urls import path

from events.views.desk import checkin, learning, people
from events.views.feedback import feedback

_DESK = "events/<slug:slug>/desk/"

urlpatterns = [
    path("events/feedback/<str:token>/", feedback, name="event-feedback"),
    path("events/check-in/<str:code>/", checkin.code, name="check-in-code"),
    path(_DESK, people.desk, name="event-desk"),
    path(_DESK + "people/", people.people, name="event-people"),
    path(_DESK + "people/add/", people.add, name="event-person-add"),
    path(_DESK + "people/<uuid:pk>/", people.person, name="event-person"),
    path(_DESK + "people.csv", people.sheet, name="event-sheet"),
    path(_DESK + "badges/", people.badges, name="event-badges"),
    path(_DESK + "sign-in-sheet/", people.sign_in_sheet, name="event-sign-in-sheet"),
    path(_DESK + "message/", people.message, name="event-message"),
    path(_DESK + "check-in/", checkin.check_in, name="event-check-in"),
    path(_DESK + "check-in/<uuid:pk>/", checkin.check_in_one, name="event-check-in-one"),
    path(_DESK + "learning/", learning.learning, name="event-learning"),
    path(_DESK + "learning/<int:pk>/", learning.point, name="event-point"),
    path(_DESK + "learning/<int:pk>/action/", learning.point_action, name="event-point-action"),
    path(_DESK + "files/", learning.files, name="event-files"),
    path(_DESK + "photographs/add/", learning.photograph_add, name="event-photograph-add"),
    path(_DESK + "photographs/<int:pk>/", learning.photograph, name="event-photograph"),
    path(_DESK + "materials/add/", learning.material_add, name="event-material-add"),
    path(_DESK + "materials/<int:pk>/", learning.material, name="event-material"),
]
