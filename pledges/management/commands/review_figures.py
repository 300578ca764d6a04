from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from oiep.models import User
from oiep.sheets import read_sheet
from oiep.text import normalise_email
from pledges.models import Review
from pledges.review_csv import COLUMNS, NEEDS, Impossible, bring_in, export_lines, plan

PROBLEMS_AT_MOST = 50


class Command(BaseCommand):
    help = (
        "Writes the figures of all open progress reviews to a CSV file, or brings them in from one: all of it or, "
        "when a row is wrong, nothing. The manager's screens do the same."
    )

    def add_arguments(self, parser):
        parser.add_argument("what", choices=["export", "import"])
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="Say what would change, and change nothing.")
        parser.add_argument("--by", metavar="EMAIL", help="The member of staff who does it, for the audit trail.")
        parser.add_argument(
            "--send-in", action="store_true", help="Send complete reviews in on the partners' behalf; needs --by."
        )

    def handle(self, *, what, file, dry_run, by, send_in, **options):
        if what == "export":
            if dry_run or by or send_in:
                raise CommandError("An export takes no other options.")
            return self._export(file)
        if send_in and not by:
            raise CommandError("Say with --by who sends them in: it is recorded with each review.")
        actor = self._member_of_staff(by) if by else None
        return self._import(file, dry_run, actor, send_in)

    def _member_of_staff(self, address):
        try:
            address = normalise_email(address)
        except ValidationError:
            raise CommandError(f"“{address}” is not an e-mail address.") from None
        user = User.objects.filter(email=address, is_active=True).first()
        if user is None or not user.has_perm("pledges.change_review"):
            raise CommandError(f"Nobody who may change reviews has the address {address}.")
        return user

    def _export(self, file):
        rows = -1  # the headings are none
        try:
            with file.open("x", encoding="utf-8", newline="") as out:
                for line in export_lines(Review.objects.all()):
                    out.write(line)
                    rows += 1
        except FileExistsError:
            raise CommandError(f"{file} is there already. Name a file that is not.") from None
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from None
        self.stdout.write(f"{rows} pledges written to {file}.")

    def _import(self, file, dry_run, actor, sending):
        try:
            sheet = read_sheet(file.read_bytes(), needs=NEEDS, knows=COLUMNS)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from None
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from None
        if dry_run:
            found = plan(sheet)
            self._stop_at(found)
            self._say(found)
            self.stdout.write("Nothing was changed.")
            return
        try:
            done = bring_in(sheet=sheet, actor=actor, sending=sending)
        except Impossible as refusal:
            self._stop_at(refusal.plan)
            raise
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from None
        self._say(done.plan)
        if sending:
            self.stdout.write(f"- sent in: {len(done.sent)}\n- not complete, so not sent in: {len(done.left)}")

    def _stop_at(self, found):
        if not found.problems:
            return
        for problem in found.problems[:PROBLEMS_AT_MOST]:
            where = f"row {problem.row}" + (f", {problem.column}" if problem.column else "")
            self.stderr.write(f"{where}: {problem.words}")
        if (more := len(found.problems) - PROBLEMS_AT_MOST) > 0:
            self.stderr.write(f"and {more} more.")
        raise CommandError(f"{len(found.problems)} rows are wrong, so nothing was changed.")

    def _say(self, found):
        self.stdout.write(
            f"- rows that change something: {len(found.changes)}, in {len(found.reviews)} reviews\n"
            f"- rows that change nothing: {found.unchanged}\n- rows without an answer: {found.empty}"
        )
