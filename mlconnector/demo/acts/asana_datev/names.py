"""Words that the tasks of the demonstration use, and which project belongs to which DATEV client."""

from __future__ import annotations

from mlconnector.demo.acts.asana_datev import books, tasks

RESULT, HINT, JOB = "DATEV-Status", "DATEV-Hinweis", "DATEV-Auftrag"
BOOKED, REFUSED_BY_DATEV, TO_CHECK, UNKNOWN = "Gebucht", "Von DATEV abgelehnt", "Bitte prüfen", "Unklar"
PROJECTS = {tasks.TOOLS: books.TOOLS, tasks.GARDEN: books.GARDEN, tasks.SALES: books.GARDEN}
