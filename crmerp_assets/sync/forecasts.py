"""What a plan costs in API calls, told before it is sent."""

from collections.abc import Iterator

from crmerp_assets.connectors.protocol import Connector
from crmerp_assets.mapping import EntityMap, native_fields
from crmerp_assets.sync import budget, push
from crmerp_assets.sync.breaker import FIRST_BATCH
from crmerp_assets.sync.platform import Platform


def cost(platform: Platform, connection: str) -> int:
    """About how many calls sending everything that is ready for a connection takes."""
    side = platform.connections[connection]
    with platform.ledger.read() as tx:
        ready = tx.intents.ready(connection)
    calls = 0
    for entity, creates, updates in ready:
        entity_map = platform.entity_map(side, entity)
        if entity_map is not None and entity in push.ENTITIES:
            calls += forecast(side.connector, entity_map, creates, updates)
    return calls


def forecast(connector: Connector, entity_map: EntityMap, creates: int, updates: int) -> int:
    """Calls for so many intents of one entity: claim by claim the look before updates and the writes, and one reading
    back of all."""
    native, created = entity_map.object, entity_map.create_object
    calls = connector.fetch_calls(native, native_fields(entity_map), creates + updates)
    for new, changed in claims(creates, updates):
        calls += connector.push_calls(created, new, changed) + connector.fetch_calls(native, [], changed)
    return calls


def claims(creates: int, updates: int) -> Iterator[tuple[int, int]]:
    """How a push takes so many intents: a small claim first, then large ones, creates and updates in proportion."""
    total, done, taken = creates + updates, 0, 0
    while done < total:
        done = min(total, done + (FIRST_BATCH if done == 0 else push.BATCH))
        new = creates * done // total
        before = creates * taken // total
        yield new - before, done - taken - (new - before)
        taken = done


def told(platform: Platform, connection: str) -> str:
    """The cost in a sentence, beside what is left of the day; empty where nothing is to be sent."""
    calls, today = cost(platform, connection), budget.today(platform, connection)
    if calls == 0:
        return ""
    if today.used is None or not today.allowed:
        left = "it tells no daily limit"
    else:
        left = f"{max(0, today.allowed - today.used):,} of {today.allowed:,} are left today"
    return f"Sending this takes about {calls:,} calls to {connection}; {left}."
