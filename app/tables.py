"""Every table there is: imported where the whole schema is needed (migrations, checks)."""

from sqlmodel import SQLModel

from app.accounts import models as accounts
from app.calendar import models as calendar
from app.core import audit, files, stamps, versions
from app.core.jobs import models as jobs
from app.indicators.citations import models as citations
from app.indicators.computed import models as computed
from app.indicators.linked import models as linked
from app.indicators.readings import models as readings
from app.indicators.sets import models as sets
from app.indicators.targets import models as targets
from app.portal.codes import models as portal_codes
from app.portal.events import models as portal_events
from app.portal.exchanges import models as portal_exchanges
from app.portal.gaps import models as portal_gaps
from app.portal.health import models as portal_health
from app.procedures import models as procedures
from app.tasks import models as tasks
from app.tasks.asking import models as tasks_asking
from app.tasks.directives import models as tasks_directives
from app.tasks.monthly import models as tasks_monthly
from app.tasks.progress import models as tasks_progress
from app.tasks.scope import models as tasks_scope
from app.throughput import evidence
from app.throughput import models as throughput
from app.throughput.approvals import models as approvals
from app.throughput.figures import models as figures
from app.throughput.findings import models as findings
from app.throughput.reminders import models as reminders
from app.throughput.reminders import times as reminder_times
from app.throughput.reopenings import models as reopenings
from app.throughput.statutory import frozen
from app.units import models as units

MODULES = (
    audit, files, jobs, stamps, versions, units, calendar, accounts, procedures, tasks, tasks_asking, tasks_monthly,
    tasks_directives, tasks_progress, tasks_scope, throughput, evidence, figures, findings,
    frozen, approvals, reminders, reminder_times, reopenings, sets, targets, readings, citations, linked, computed,
    portal_codes, portal_events, portal_exchanges, portal_gaps, portal_health,
)  # fmt: skip
TABLES = SQLModel.metadata.tables
