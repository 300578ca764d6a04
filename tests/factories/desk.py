import factory

from desk.models import Import, ImportRow, Message, Recipient
from oiep.tables import Table
from tests.factories.oiep import ManagerFactory, UserFactory


class ImportFactory(factory.django.DjangoModelFactory):
    """A list of one partner that was chosen, and is not brought in yet."""

    class Meta:
        model = Import

    kind = Import.Kind.PARTNERS
    file_name = "Our signatories"
    is_mapped = True
    mapping = factory.LazyFunction(lambda: {"0": "organisation"})
    uploaded_by = factory.SubFactory(ManagerFactory)

    @factory.lazy_attribute
    def table(self):
        found = Import()
        found.keep_table(Table([(1, ["Organisation"]), (2, ["Apple Bakers"])]))
        return found.table


class ImportRowFactory(factory.django.DjangoModelFactory):
    """A row of a long list that is not checked yet."""

    class Meta:
        model = ImportRow

    of = factory.SubFactory(ImportFactory, is_long=True)
    number = factory.Sequence(lambda n: n + 2)
    cells = '["Apple Bakers"]'


class MessageToManyFactory(factory.django.DjangoModelFactory):
    """A draft to the leads of all partners."""

    class Meta:
        model = Message

    subject = factory.Sequence("A word to all, {}".format)
    words = "Hello.\n\nWe meet on 4 May."
    created_by = factory.SubFactory(ManagerFactory)


class RecipientFactory(factory.django.DjangoModelFactory):
    """Somebody whom a message has not reached yet."""

    class Meta:
        model = Recipient

    message = factory.SubFactory(MessageToManyFactory)
    user = factory.SubFactory(UserFactory)
