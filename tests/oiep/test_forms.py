"""How forms speak and how they are drawn."""

import pytest
from django import forms
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from oiep.forms import CharterForm, CharterModelForm
from partners.models import District
from tests.fragment import Fragment

DISTRICTS = [("oxford", "Oxford"), ("cherwell", "Cherwell")]


class Everything(CharterForm):
    conditional = frozenset({"board"})
    autocomplete = {"company": "organization"}

    name = forms.CharField(label="Your name", max_length=10)
    email = forms.EmailField(label="Your e-mail address", help_text="We never show it.")
    company = forms.CharField(label="Name of your company", required=False)
    board = forms.DateField(label="When does your board decide?", required=False)
    kind = forms.ChoiceField(
        label="What are you?", choices=DISTRICTS, widget=forms.RadioSelect, help_text="Choose one."
    )
    where = forms.MultipleChoiceField(
        label="Districts where you work", choices=DISTRICTS, widget=forms.CheckboxSelectMultiple
    )
    place = forms.ChoiceField(label="District", choices=[("", "Choose one"), *DISTRICTS])
    hours = forms.IntegerField(label="Volunteer hours", required=False, min_value=1, max_value=100)
    budget = forms.DecimalField(label="VAT paid", required=False, max_digits=5, decimal_places=2)
    website = forms.URLField(label="Website", required=False, assume_scheme="https")
    agree = forms.BooleanField(label="I agree")
    newsletter = forms.BooleanField(label="Write to me", required=False)
    trap = forms.CharField(widget=forms.HiddenInput, required=False)


def draw(form):
    return Fragment(
        render_to_string("bootstrap5/uni_form.html", {"form": form, "field_template": "bootstrap5/field.html"})
    )


def summary(**context):
    return Fragment(render_to_string("components/error_summary.html", context))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "Enter your name."),
        ("name", "Wilhelmina-Jane", "Use 10 characters or fewer. You have used 15."),
        ("email", "amina", "Enter an e-mail address in the form name@example.org."),
        ("board", "soon", "Enter a real date, such as 31/3/2027."),
        ("kind", "", "Choose an answer."),
        ("where", [], "Choose the districts where you work."),
        ("where", ["mars"], "Choose again: one of your choices is no longer in the list."),
        ("place", "", "Choose the district."),
        ("place", "mars", "Choose again: that is no longer in the list."),
        ("hours", "many", "Enter a whole number, such as 12."),
        ("hours", "0", "Enter 1 or more."),
        ("hours", "101", "Enter 100 or less."),
        ("budget", "a lot", "Enter a number, such as 12 or 12.5."),
        ("budget", "1.234", "Use at most 2 digits after the decimal point."),
        ("budget", "123456", "Enter a smaller number."),
        ("website", "no address", "Enter a web address in the form example.org or https://example.org."),
        ("agree", "", "Tick this box to go on."),
    ],
)
def test_errors_are_in_plain_words(field, value, message):
    assert message in Everything({field: value}).errors[field]


def test_the_label_begins_in_lower_case_only_where_it_is_a_word():
    form = type(
        "F", (CharterForm,), {"number": forms.CharField(label="VAT number"), "s": forms.CharField(label="Size")}
    )
    assert form({}).errors == {"number": ["Enter the VAT number."], "s": ["Enter the size."]}


def test_a_fields_own_message_wins():
    form = type("F", (CharterForm,), {"x": forms.CharField(error_messages={"required": _("Tell us who you are.")})})
    assert form({}).errors == {"x": ["Tell us who you are."]}


def test_a_model_form_speaks_the_same_way():
    form_class = forms.modelform_factory(District, form=CharterModelForm, fields=["name", "map_label_x"])
    form = form_class({"name": "", "map_label_x": "left"})
    assert form.errors == {"name": ["Enter the name."], "map_label_x": ["Enter a whole number, such as 12."]}
    assert form["name"].label_tag() == '<label for="id_name" class="required">Name</label>'


def test_fields_about_the_person_can_be_filled_in_by_the_browser():
    fields = Everything().fields
    assert {name: fields[name].widget.attrs.get("autocomplete") for name in ("name", "email", "company", "place")} == {
        "name": "name",
        "email": "email",
        "company": "organization",
        "place": None,
    }


def test_a_figure_that_is_none_is_shown_again_as_it_was_typed():
    page = draw(Everything({"hours": "£1,200", "budget": "a lot"}))
    hours, budget = page.of(name="hours")[1], page.of(name="budget")[1]
    assert (hours["type"], hours["inputmode"], hours["value"]) == ("text", "numeric", "£1,200")
    assert (budget["type"], budget["inputmode"], budget["value"]) == ("text", "decimal", "a lot")
    assert not {"min", "max", "step"} & hours.keys()


def test_optional_fields_say_so_and_no_field_has_an_asterisk():
    page = draw(Everything())
    labels = [page.words(e) for e in page.elements if "form-label" in e[1].get("class", "")]
    assert labels == [
        "Your name",
        "Your e-mail address",
        "Name of your company (optional)",
        "When does your board decide?",
        "What are you?",
        "Districts where you work",
        "District",
        "Volunteer hours (optional)",
        "VAT paid (optional)",
        "Website (optional)",
    ]
    assert page.words(page.of(for_="id_newsletter")) == "Write to me"


def test_label_hint_error_and_input_come_in_this_order():
    page = draw(Everything({"email": "amina"}))
    group = page.elements.index(page.of(id="div_id_email"))
    order = [(e[0], e[1].get("id")) for e in page.elements[group : group + 8] if e[0] in ("label", "div", "p", "input")]
    assert order[1:5] == [
        ("label", None),
        ("div", "id_email_helptext"),
        ("p", "id_email_error"),
        ("input", "id_email"),
    ]
    assert page.words(page.of(id="id_email_error")).startswith("Error: Enter an e-mail address")


@pytest.mark.parametrize("data", [None, {}])
def test_every_description_and_label_points_at_something_once(data):
    page = draw(Everything(data))
    assert len(page.ids) == len(set(page.ids))
    for _tag, attrs, _words in page.elements:
        for target in [*attrs.get("aria-describedby", "").split(), *attrs.get("for", "").split()]:
            assert target in page.ids
    described = page.of(name="email")[1]["aria-describedby"]
    assert described == ("id_email_helptext" if data is None else "id_email_helptext id_email_error")


def test_choices_stand_in_a_fieldset_that_carries_the_hint_and_the_error():
    page = draw(Everything({}))
    fieldsets = page.all("fieldset")
    assert [page.words(legend) for legend in page.all("legend")] == ["What are you?", "Districts where you work"]
    assert [fieldset[1]["aria-describedby"] for fieldset in fieldsets] == [
        "id_kind_helptext id_kind_error",
        "id_where_error",
    ]


def test_a_chosen_option_stays_chosen():
    page = draw(Everything({"kind": "cherwell", "where": ["oxford"], "place": "cherwell"}))
    assert [e[1]["value"] for e in page.all("input") if "checked" in e[1]] == ["cherwell", "oxford"]
    assert [e[1]["value"] for e in page.all("option") if "selected" in e[1]] == ["cherwell"]


def test_the_summary_links_to_an_input_for_each_error():
    form = Everything({"hours": "many"})
    form.add_error(None, "Choose less.")
    form.add_error("trap", "That was no person.")
    page, drawn = summary(form=form), draw(form)
    links = {e[1]["href"].removeprefix("#"): page.words(e) for e in page.all("a")}
    assert links == {
        "id_name": "Enter your name.",
        "id_email": "Enter your e-mail address.",
        "id_kind_0": "Choose an answer.",
        "id_where_0": "Choose the districts where you work.",
        "id_place": "Choose the district.",
        "id_hours": "Enter a whole number, such as 12.",
        "id_agree": "Tick this box to go on.",
    }
    assert links.keys() <= set(drawn.ids)
    assert [page.words(e) for e in page.all("li") if page.words(e) not in links.values()] == [
        "Choose less.",
        "That was no person.",
    ]
    box = page.of(role="alert")[1]
    assert box["tabindex"] == "-1"
    assert "autofocus" in box


def test_the_summary_knows_formsets():
    formset_class = forms.formset_factory(Everything, extra=0, max_num=1, validate_max=True)
    formset = formset_class(
        {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0", "form-0-hours": "3", "form-1-name": "A"}
    )
    assert not formset.is_valid()
    page = summary(form=CharterForm({}), formset=formset)
    hrefs = [e[1]["href"] for e in page.all("a")]
    assert "#id_form-0-name" in hrefs
    assert "#id_form-1-name" not in hrefs
    assert "#id_form-1-kind_0" in hrefs
    assert [page.words(e) for e in page.all("li")].count(formset.non_form_errors()[0]) == 1


def test_there_is_no_summary_without_errors():
    assert summary(form=Everything()).elements == []
    assert summary(form=CharterForm({})).elements == []


def test_what_people_type_is_escaped_where_it_is_repeated():
    form = CharterForm({})
    form.add_error(None, "<script>alert(1)</script>")
    assert summary(form=form).all("script") == []
