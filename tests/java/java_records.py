"""Records as tests/java/ReadAvro.java prints them, as Python's values: those that fastavro makes of the same files."""
import datetime
import decimal
import json
import uuid

EPOCH = datetime.datetime(1970, 1, 1)


def moment(microseconds, utc):
    value = EPOCH + datetime.timedelta(microseconds=microseconds)
    return value.replace(tzinfo=datetime.timezone.utc) if utc else value


TAGS = {
    "bytes": bytes.fromhex,
    "fixed": bytes.fromhex,
    "double": float,
    "date": lambda days: (EPOCH + datetime.timedelta(days=days)).date(),
    "time-millis": lambda ms: moment(ms * 1000, False).time(),
    "time-micros": lambda us: moment(us, False).time(),
    "timestamp-millis": lambda ms: moment(ms * 1000, True),
    "timestamp-micros": lambda us: moment(us, True),
    "local-timestamp-millis": lambda ms: moment(ms * 1000, False),
    "local-timestamp-micros": lambda us: moment(us, False),
    "uuid": lambda text: uuid.UUID(text) if "-" in text else uuid.UUID(hex=text),
}


def plain(value):
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    tag, content = next(iter(value.items()))
    if tag in ("record", "map"):
        return {name: plain(item) for name, item in content.items()}
    if tag == "decimal":
        unscaled = int.from_bytes(bytes.fromhex(content), "big", signed=True)
        return decimal.Decimal(unscaled).scaleb(-value["scale"])
    return TAGS[tag](content)


def read(path):
    with open(path, encoding="ascii") as lines:
        return [plain(json.loads(line)) for line in lines]
