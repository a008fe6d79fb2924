"""Sessions as people recognise them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from replication.models import Session

# The first that fits: Edge and Opera call themselves Chrome too, Chrome calls itself Safari.
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (("Windows", "Windows"), ("iPhone|iPad", "iOS"), ("Android", "Android"), ("Mac OS", "macOS"), ("Linux", "Linux"))


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session in words."""

    session: Session

    @property
    def browser(self) -> str:
        """Firefox on Windows; what is neither, as it calls itself."""
        agent = self.session.agent
        browser, system = _first(_BROWSERS, agent), _first(_SYSTEMS, agent)
        return " on ".join(filter(None, (browser, system))) or agent[:60] or "Unknown"


def rows(sessions: Iterable[Session]) -> list[SessionRow]:
    return [SessionRow(each) for each in sessions]


def _first(known: Iterable[tuple[str, str]], agent: str) -> str:
    return next((name for mark, name in known if re.search(mark, agent)), "")
