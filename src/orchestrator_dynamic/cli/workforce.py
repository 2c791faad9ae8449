"""Who executes the tickets of a command: simulated workers, or some that somebody has written."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.sdk.loading import load_workers
from orchestrator_dynamic.sdk.worker import Worker
from orchestrator_dynamic.simulation.simulated_worker import simulated_worker

# A minute of estimated work takes a second.
DEFAULT_SPEED = "60"
AT_ONCE = "max"
WORKERS_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkforceOptions:
    """What the command line says about workers, as text; None where it says nothing.

    Attributes:
        references: workers of one's own, each as module:name.
        workers: how many simulated ones.
        speed: how many times faster than estimated, or `max` for at once.
        fail_rate: the share of attempts that fail by chance.
        seed: which attempts these are.
    """

    references: Sequence[str] = ()
    workers: str | None = None
    speed: str | None = None
    fail_rate: str | None = None
    seed: str | None = None


def workforce(
    options: WorkforceOptions,
    complaints: list[str],
    default_count: int,
    *,
    elsewhere: bool = False,
) -> list[Worker]:
    """Return the workers that `options` ask for.

    Args:
        complaints: takes a line for each option that makes no sense; the result is then of no use.
        default_count: how many simulated workers there are if nobody says.
        elsewhere: whether tickets go to a broker, so that there are workers already; simulated
            ones are then a single member of its group, and only there if somebody says so.
    """
    if options.references:
        complaints += _about_options_without_effect(options)
        return _written(options.references, complaints)
    count = _number(options.workers, "--workers", 1, WORKERS_MAX, complaints, default_count)
    fail_rate = _share(options.fail_rate, complaints)
    seed = _number(options.seed, "--seed", 0, 2**63 - 1, complaints, 0)
    speed = _speed(options.speed or DEFAULT_SPEED, complaints)
    if elsewhere:
        if options.workers is None:
            return []
        one = simulated_worker(
            "sim", concurrency=count, speed=speed, fail_rate=fail_rate, seed=seed
        )
        return [one]
    return [
        simulated_worker(f"sim-{number}", speed=speed, fail_rate=fail_rate, seed=seed)
        for number in range(1, count + 1)
    ]


def _written(references: Sequence[str], complaints: list[str]) -> list[Worker]:
    found: list[Worker] = []
    for reference in dict.fromkeys(references):
        try:
            found += load_workers(reference)
            for worker in found:
                worker.profile()
        except Misconfigured as error:
            complaints.append(f"--worker {reference}: {error}")
    return found


def _about_options_without_effect(options: WorkforceOptions) -> list[str]:
    told = {
        "--workers": options.workers,
        "--speed": options.speed,
        "--fail-rate": options.fail_rate,
        "--seed": options.seed,
    }
    return [
        f"{name} is about simulated workers, and --worker brings its own; leave one of them out"
        for name, value in told.items()
        if value is not None
    ]


def _number(
    text: str | None, name: str, least: int, most: int, complaints: list[str], default: int
) -> int:
    if text is None:
        return default
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        complaints.append(f"{name} {text}: give a whole number from {least:,} to {most:,}")
        return default
    return number


def _share(text: str | None, complaints: list[str]) -> float:
    share = _float(text or "0")
    if not 0 <= share <= 1:
        complaints.append(f"--fail-rate {text}: give a share from 0 to 1, such as 0.05")
    return share


def _speed(text: str, complaints: list[str]) -> float | None:
    if text.strip().lower() == AT_ONCE:
        return None
    speed = _float(text)
    if not (speed > 0 and math.isfinite(speed)):
        complaints.append(f"--speed {text}: give a number above 0, such as 60, or {AT_ONCE}")
    return speed


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
