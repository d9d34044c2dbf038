"""Sensors: react to won deals, to what happens to orders and invoices, and to retries that are due.

A sensor's tick waits for work (it asks every few seconds) and runs the job in its own warm process: a new process
would cost seconds of imports for a chain that takes less (docs/adr/0003). Such a run is an ordinary run of the
instance, with logs, materialisations and checks. More than a few records go to an ordinary run of their own.
"""

import threading
import time
from collections.abc import Callable

import dagster as dg

from crmerp_assets.connectors.errors import QuotaSpent
from crmerp_assets.defs import jobs
from crmerp_assets.defs.recovery import process_tag, recover
from crmerp_assets.defs.resources import PlatformResource
from crmerp_assets.defs.retention import forget_old_runs
from crmerp_assets.merge.lanes import Lane
from crmerp_assets.merge.policy import Policy
from crmerp_assets.sync import retry, watch
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.warm import warm_up
from crmerp_assets.sync.watch import Watch

TICK_SECONDS = 30
WARM_LIMIT = 150
PATIENCE_SECONDS = 15
MOST_COURTESY_SECONDS = 5
_RUNNING = threading.Lock()
_WARM: set[str] = set()
Question = Callable[[Platform, Watch], list[str]]


def sensors(policy: Policy, lane: Lane) -> list[dg.SensorDefinition]:
    """Every sensor of a lane, asking as often as the policy says."""
    courtesy = min(policy.sensors.won_seconds * 1.5, MOST_COURTESY_SECONDS)
    return [
        *(_of_orders(policy, lane, courtesy) if "order" in lane.entities else ()),
        _sensor(
            lane,
            "customers_sensor",
            jobs.CUSTOMERS,
            watch.customer_changes,
            policy.sensors.invoice_seconds,
            courtesy,
            "Customers that somebody changed on one side reach the other.",
        ),
        _sensor(
            lane,
            "decisions_sensor",
            jobs.DECISIONS,
            watch.link_decisions,
            policy.sensors.retry_seconds,
            courtesy,
            "What people decided about who is who becomes links, and what waited for it goes on.",
        ),
        _sensor(
            lane,
            "retry_sensor",
            jobs.APPLY,
            lambda platform, _: retry.due(platform),
            policy.sensors.retry_seconds,
            courtesy,
            "Intents whose waiting time is over, and unknown outcomes, are taken up.",
        ),
    ]


def _of_orders(policy: Policy, lane: Lane, courtesy: float) -> list[dg.SensorDefinition]:
    return [
        _sensor(
            lane,
            "won_deals_sensor",
            jobs.WON_DEALS,
            watch.won_deals,
            policy.sensors.won_seconds,
            courtesy,
            "Won deals become sales orders.",
        ),
        _sensor(
            lane,
            "order_to_cash_sensor",
            jobs.CASH,
            watch.cash_changes,
            policy.sensors.invoice_seconds,
            courtesy,
            "Orders, invoices, payments and credits that changed in the ERP reach the CRM.",
        ),
    ]


def _sensor(
    lane: Lane, name: str, job_name: str, ask: Question, seconds: float, courtesy: float, description: str
) -> dg.SensorDefinition:
    """`courtesy` is how long other reactions let a won deal go first."""

    @dg.sensor(
        name=lane.called(name),
        job_name=lane.called(job_name),
        minimum_interval_seconds=int(seconds) if seconds >= TICK_SECONDS else 1,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=description,
    )
    def evaluate(context: dg.SensorEvaluationContext, platform: PlatformResource) -> dg.SensorResult:
        with platform.use(lane.name) as used:
            if lane.name not in _WARM:
                warm_up(used)
                _WARM.add(lane.name)
        state, until, done = Watch.load(context.cursor), time.monotonic() + TICK_SECONDS, 0
        while True:
            started = time.monotonic()
            before = state.dump()
            try:
                with platform.use(lane.name) as used:
                    due = ask(used, state)
            except QuotaSpent as spent:
                return dg.SensorResult(skip_reason=str(spent), cursor=before)
            if len(due) > WARM_LIMIT:
                request = dg.RunRequest(run_key=None, tags={"crmerp/due": str(len(due))})
                return dg.SensorResult(run_requests=[request], cursor=state.dump())
            if due and job_name != jobs.WON_DEALS:
                time.sleep(courtesy)
            if due and not _run_here(context, platform, lane, job_name, len(due)):
                return dg.SensorResult(skip_reason=f"{len(due)} wait for another run", cursor=before)
            done += len(due)
            pause = started + seconds - time.monotonic()
            if time.monotonic() + max(pause, 0) >= until:
                break
            time.sleep(max(pause, 0))
        reason = f"{done} records handled in this tick" if done else "nothing to do"
        return dg.SensorResult(skip_reason=reason, cursor=state.dump())

    return evaluate


def _run_here(
    context: dg.SensorEvaluationContext, platform: PlatformResource, lane: Lane, job_name: str, due: int
) -> bool:
    """Run the job in this process, once no other run of this process is under way; False where that takes too long.

    Dagster's logging deadlocks where two runs start in threads of one process. A failed run is in the instance like
    any other, and the next tick goes on.
    """
    if not _RUNNING.acquire(timeout=PATIENCE_SECONDS):
        return False
    try:
        with platform.use(lane.name) as used:
            recover(context.instance, used)
        assert context.repository_def is not None
        context.repository_def.get_job(lane.called(job_name)).execute_in_process(
            instance=context.instance,
            raise_on_error=False,
            tags=process_tag() | {"dagster/sensor_name": context.sensor_name, "crmerp/due": str(due)},
        )
        forget_old_runs(context.instance, used.clock())
    finally:
        _RUNNING.release()
    return True
