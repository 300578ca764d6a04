from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from oiep.sign_in.actions import forget_second_factor


class Command(BaseCommand):
    help = (
        "For somebody who has lost all their devices and recovery codes: takes their passkeys and authenticator app "
        "away, signs them out everywhere, and tells them by e-mail. Be sure first that it is they who ask."
    )

    def add_arguments(self, parser):
        parser.add_argument("email", help="Their e-mail address.")

    def handle(self, *, email, **options):
        try:
            user = get_user_model().objects.get_by_natural_key(email)
        except get_user_model().DoesNotExist:
            raise CommandError(f"Nobody has an account with the address {email}.") from None
        if not forget_second_factor(user=user):
            raise CommandError("They have neither a passkey nor an authenticator app. Nothing was changed.")
        self.stdout.write("Done. They sign in with a code by e-mail, and staff are then asked to set up a new one.")
