import pytest
from django.core.management import CommandError, call_command

from partners.models import Membership, Partner
from pledges.models import Pledge
from tests.factories import DistrictFactory, PartnerFactory, PriorityAreaFactory, SectorFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_trial_site_is_filled_with_partners_that_the_public_sees(client, capsys):
    with pytest.raises(CommandError, match="no priority areas"):
        call_command("load_scale")
    for factory in (PriorityAreaFactory, DistrictFactory, SectorFactory):
        factory.create_batch(2)
    call_command("load_scale", "--partners", "5", "--residents", "40")
    call_command("load_scale", "--partners", "1")
    assert Partner.objects.exclude(kind="resident").listed().count() == 6
    assert Partner.objects.filter(kind="resident", show_name=False).counted().count() == 40
    assert Pledge.objects.published().count() == 92
    assert Membership.objects.count() == 46
    partner = Partner.objects.get(slug="scale-3")
    partner.full_clean()
    assert partner.name in client.get(partner.get_absolute_url()).content.decode()
    assert partner in Partner.objects.matching(partner.description.split()[0])
    assert set(partner.areas.all()) == {pledge.area for pledge in partner.pledges.all()}


def test_site_with_real_partners_is_left_alone(settings):
    PartnerFactory()
    with pytest.raises(CommandError, match="real partners"):
        call_command("load_scale")
