"""Who hears of what: the one list of all subscriptions, without a web framework."""

from app.calendar.models import CalendarChanged
from app.core import events
from app.indicators.computed import service as computed
from app.indicators.overview.tasks import on_tasks_shown
from app.indicators.readings.events import ReadingRecorded
from app.portal.codes.events import PeriodsPulled
from app.portal.gaps import keeping as gaps
from app.portal.messages import telling
from app.procedures.models import ExternalCodeChanged, FieldChanged
from app.tasks.events import TaskCounted, TasksShown
from app.throughput.approvals import service as approvals
from app.throughput.approvals.service import ApprovalEnded, ReportApproved, ReportReturned
from app.throughput.figures import service as figures
from app.throughput.figures.storing import FiguresStored
from app.throughput.findings import follow as findings
from app.throughput.forms import on_reference_changed
from app.throughput.obligations import making as obligations
from app.throughput.reminders import making as reminders
from app.throughput.writing import ReasonsAdded, ReportCarried, ReportCorrected, ReportReceived
from app.units.models import UnitChanged


def wire() -> None:
    """Connect what lower floors tell with what higher floors do about it; again has no effect.

    Every process that writes figures or reports calls it first: the service, the worker and the commands.
    """
    for kind in (CalendarChanged, UnitChanged, FieldChanged):
        events.subscribe(kind, on_reference_changed)
    events.subscribe(CalendarChanged, obligations.on_calendar_changed)
    events.subscribe(UnitChanged, obligations.on_unit_changed)
    events.subscribe(ReportReceived, findings.on_report)
    events.subscribe(ReportCorrected, findings.on_report)
    events.subscribe(ReasonsAdded, approvals.on_reasons_added)
    events.subscribe(ReasonsAdded, reminders.on_return_stands)
    events.subscribe(ReportCarried, approvals.on_carried)
    events.subscribe(ReportCarried, reminders.on_return_stands)
    events.subscribe(ReportApproved, telling.on_approved)
    events.subscribe(ApprovalEnded, telling.on_approval_ended)
    events.subscribe(ReportReturned, telling.on_returned)
    events.subscribe(ReportReceived, figures.on_report)
    events.subscribe(ReportCorrected, figures.on_report)
    events.subscribe(ReasonsAdded, figures.on_reasons_added)
    events.subscribe(ReportReceived, gaps.on_report)
    events.subscribe(ReportCorrected, gaps.on_report)
    events.subscribe(FiguresStored, gaps.on_figures)
    events.subscribe(PeriodsPulled, gaps.on_pulled)
    events.subscribe(ExternalCodeChanged, gaps.on_code_changed)
    events.subscribe(ReportReceived, computed.on_report)
    events.subscribe(ReportCorrected, computed.on_report)
    events.subscribe(ReasonsAdded, computed.on_reasons_added)
    events.subscribe(TaskCounted, computed.on_task)
    events.subscribe(ReadingRecorded, computed.on_reading)
    events.subscribe(TasksShown, on_tasks_shown)
