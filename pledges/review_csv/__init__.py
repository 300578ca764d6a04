"""The figures of progress reviews as a CSV file, out and in again, a row for each pledge.

Bringing figures in is planned first, without a change: what each row would change, and what is wrong with it, in plain
words. `bring_in` plans again under locks, and writes all of it or nothing.
"""

from pledges.review_csv.bringing_in import SEND_AT_MOST, Impossible, bring_in
from pledges.review_csv.columns import COLUMNS, NEEDS
from pledges.review_csv.going_out import export_lines
from pledges.review_csv.planning import plan

__all__ = ["COLUMNS", "NEEDS", "SEND_AT_MOST", "Impossible", "bring_in", "export_lines", "plan"]
