"""A stream job as small as can be: answered outgoing calls of each cell and their seconds, every five minutes by their end.

    cell_load.py BROKERS TOPIC [--doubles|--naive]    prints rows as JSON, for `cdrgen judge cell_load --as json`

Records are JSON, with their ids in a header (cdrgen run --format json --id-header). A record that comes twice counts once; with
--doubles it counts twice. --naive counts all outgoing calls, answered or not, once.
"""

import json
import sys

from confluent_kafka import Consumer, TopicPartition

brokers, topic = sys.argv[1:3]
doubles, naive = "--doubles" in sys.argv, "--naive" in sys.argv
windows, seen = {}, set()


def messages():
    """All that the topic holds now."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "cell-load", "enable.auto.commit": False})
    places = [TopicPartition(topic, number, 0) for number in consumer.list_topics(topic).topics[topic].partitions]
    ends = {place.partition: consumer.get_watermark_offsets(place)[1] for place in places}
    consumer.assign(places)
    left = sum(ends.values())
    while left > 0:
        message = consumer.poll(10)
        if message is None:
            sys.exit(f"{topic}: {left} messages do not come")
        left -= 1
        yield message
    consumer.close()


for message in messages():
    call, name = json.loads(message.value()), dict(message.headers())["cdrgen-id"]
    if call["direction"] != "MO" or (name in seen and not doubles):
        continue
    if call["cause_for_record_closing"] not in ("normalRelease", "abnormalRelease") and not naive:
        continue
    seen.add(name)
    start = call["end_ts_ms"] - call["end_ts_ms"] % 300000
    row = windows.setdefault((start, call["cell_id"]), {"calls": 0, "seconds": 0})
    row["calls"] += 1
    row["seconds"] += call["duration_sec"]

for (start, cell), row in windows.items():
    print(json.dumps({"window_start": start, "cell_id": cell, **row}))
