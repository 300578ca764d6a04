"""The partnership's groups: who does the work, when they meet, what they agreed."""

from working_groups.models.groups import Group
from working_groups.models.meetings import Attendance, Decision, Meeting, Paper
from working_groups.models.people import CalendarAddress, GroupInvitation, GroupJoinRequest, GroupMember
from working_groups.models.work import Action, ProgressUpdate

__all__ = [
    "Action",
    "Attendance",
    "CalendarAddress",
    "Decision",
    "Group",
    "GroupInvitation",
    "GroupJoinRequest",
    "GroupMember",
    "Meeting",
    "Paper",
    "ProgressUpdate",
]
