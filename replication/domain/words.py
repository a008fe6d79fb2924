"""Numbers in words, the same on every page, in every sentence and in every export."""


def amount(number: int, words: str) -> str:
    """3 machines, 1 machine, 1,248 machines; an irregular plural follows a comma: "policy,policies"."""
    one, _, many = words.partition(",")
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """48 s, 1 min 36 s, 41 min, 3 h 12 min, 2 d 4 h."""
    total = max(0, round(seconds))
    days, hours, minutes, rest = total // 86400, total // 3600 % 24, total // 60 % 60, total % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02d} min"
    if minutes >= 10 or (minutes and not rest):
        return f"{minutes} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
