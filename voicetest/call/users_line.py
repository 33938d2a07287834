"""A line of the user as the agent's turns see it: what is said within it, or into it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BACKCHANNEL_S", "GOES_ON_S", "UsersLine"]

BACKCHANNEL_S = 1.0
"""How long a word may be with which a listener shows that it listens."""
GOES_ON_S = 0.2
"""A line that ends within this after such a word was not encouraged to go on: it was ended."""
REACTS_S = 0.6
"""Nobody begins to speak within this for the sake of what somebody else has begun to say."""
LONGEST_PAUSE_S = 1.5
"""Between two sentences of one turn; readers pause for up to 1.3 s."""


@dataclass
class UsersLine:
    """One turn of the user, in seconds on the call clock."""

    start_s: float
    end_s: float
    """Where its speech is to end; set anew when it has."""
    over_agent: bool
    """Whether it began while the agent spoke; cleared when that turn of the agent is over."""
    over: bool = False
    """Set when it was said."""

    def covers(self, at: float) -> bool:
        """Whether the user speaks at that moment."""
        return self.start_s < at < self.end_s

    def heard_out(self, until: float) -> bool:
        """Whether what the agent says until then is more than a sign that it listens."""
        return until > self.end_s - GOES_ON_S

    def collides(self, ended_s: float, began_s: float) -> bool:
        """Whether the user began in a pause of the agent, which went on before it could know."""
        into_pause = ended_s < self.start_s < began_s and self.covers(began_s)
        at_once = began_s - self.start_s < REACTS_S
        return into_pause and at_once and began_s - ended_s < LONGEST_PAUSE_S
