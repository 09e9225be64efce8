#!/usr/bin/env python3
"""Reads what cdrgen wrote with foreign clients, and compares it.

    read_topics.py compare --brokers B [--registry URL] --files OUT [--format F] [TOPIC…]
        every partition of the topics from its first offset to its end against the parts that the file sink wrote: every
        offset present, key, partition, timestamp, value and, in Avro, the decoded fields equal. Where the files' format is
        another than the topics' (--format), the fields are compared as text.
    read_topics.py digests (--brokers B [--format F] | --files OUT) [--summary FILE] [TOPIC…]
        recomputes counts and digests of every log, as JSON; with --summary they must equal those of a run's summary (give
        it once for each shard).
    read_topics.py dump --brokers B TOPIC [PARTITION]
        records as they are, one a line: partition, offset, timestamp, key, value in hexadecimal.

Exit status 0: all equal; 1: a difference, the first one of each log named; 2: wrong usage.
"""

import argparse
import json
import multiprocessing
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import zip_longest

import cdr_logs
from cdr_logs import Digest, Failure

NO_RECORD = (None, None, None, None)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["compare", "digests", "dump"])
    parser.add_argument("topics", nargs="*", help="default: those that the files hold, or cdr.call cdr.sms cdr.data")
    parser.add_argument("--brokers", default=os.environ.get("CDRGEN_TEST_BROKERS"))
    parser.add_argument("--registry", default=os.environ.get("CDRGEN_TEST_REGISTRY"))
    parser.add_argument("--files", metavar="OUT", help="the file sink's folder")
    parser.add_argument("--format", choices=["csv", "avro", "json"], help="of the topics; default: that of the files, or csv")
    parser.add_argument("--files-topics", metavar="PREFIX", help="in OUT, topics have this prefix instead (cdr.)")
    parser.add_argument("--order", choices=["end", "start"], default="end", help="whether a record's time is its end or start")
    parser.add_argument("--base", type=int, default=0, help="first offset of every partition that is ours")
    parser.add_argument("--expired", action="store_true", help="the topics' first records may be gone")
    parser.add_argument("--committed", action="store_true", help="written in transactions: offsets may be missing")
    parser.add_argument("--summary", metavar="FILE", action="append", help="JSON summary of the run; of each of its shards")
    parser.add_argument("-X", dest="properties", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_intermixed_args()
    if arguments.command in ("compare", "dump") and not arguments.brokers:
        parser.error("--brokers is needed")
    if arguments.command == "compare" and not arguments.files:
        parser.error("--files is needed")
    if arguments.files_topics is not None and not arguments.topics:
        parser.error("--files-topics needs the names of the topics")
    if arguments.command == "digests" and not arguments.files and not arguments.brokers:
        parser.error("--brokers or --files is needed")
    if arguments.command == "dump" and not 1 <= len(arguments.topics) <= 2:
        parser.error("dump wants a topic and maybe a partition")
    return arguments


def files_topic(arguments, topic):
    """The name that a topic has among the files, where prefixes differ."""
    if arguments.files_topics is None:
        return topic
    return arguments.files_topics + topic.rsplit(".", 1)[-1]


def as_text(fields, names):
    return {name: "" if fields.get(name) is None else str(fields[name]) for name in names}


def describe(where, record, expected, partition, wanted):
    """In words what differs between a Kafka record and the file's."""
    key, timestamp, payload, fields = record
    if record == NO_RECORD:
        return f"{where}: the files hold one more record, {expected[2][:200]!r}"
    if expected is NO_RECORD:
        return f"{where}: the files hold no such record: key {key!r}, value {payload[:200]!r}"
    if key != expected[0]:
        return f"{where}: key {key!r}, not {expected[0]!r}"
    if partition != wanted:
        return f"{where}: key {key!r} belongs into partition {wanted}"
    if timestamp != expected[1]:
        return f"{where}: timestamp {timestamp}, not {expected[1]}"
    if fields is not None:
        names = [name for name in expected[3] if str(fields.get(name)) != str(expected[3][name])]
        if names:
            return f"{where}: {names[0]} is {fields.get(names[0])!r}, not {expected[3][names[0]]!r}"
    return f"{where}: value {payload[:300]!r}, not {expected[2][:300]!r}"


def compare_batch(log, first, records, expected, partitioner, same_format):
    """Raises Failure at the first difference."""
    topic, partition = log
    for i, (record, wanted) in enumerate(zip_longest(records, expected, fillvalue=NO_RECORD)):
        where = f"{topic}[{partition}] offset {first + i}"
        key, timestamp, payload, fields = record
        if record is NO_RECORD or wanted is NO_RECORD:
            raise Failure(describe(where, record, wanted, partition, partition))
        equal = key == wanted[0] and timestamp == wanted[1] and partitioner(key) == partition
        if equal and same_format:
            equal = payload == wanted[2] and (fields is None or fields == wanted[3])
        elif equal:
            fields = as_text(fields if fields is not None else json.loads(payload), wanted[3])
            equal = fields == as_text(wanted[3], wanted[3])
        if not equal:
            raise Failure(describe(where, (key, timestamp, payload, fields), wanted, partition, partitioner(key)))


def aligned(left, right):
    """Pairs of equally long lists out of two readers; one is shorter only at the end."""
    ours, theirs = [], []
    while True:
        if not ours:
            ours = next(left, [])
        if not theirs:
            theirs = next(right, [])
        if not ours and not theirs:
            return
        n = min(len(ours), len(theirs)) or max(len(ours), len(theirs))
        yield ours[:n], theirs[:n]
        ours, theirs = ours[n:], theirs[n:]


def without_first(batches, n):
    """The lists of records, without the first n of them."""
    for batch in batches:
        if n < len(batch):
            yield batch[n:]
        n = max(0, n - len(batch))


def compare_log(arguments, topic, partition, partitions, parts, files_format):
    """Number of records that are equal; runs in a process of its own."""
    format_name = arguments.format or files_format
    registry = None
    if format_name == "avro":
        if not arguments.registry:
            raise Failure("Avro values are decoded with a registry's schemas: --registry is needed")
        registry = cdr_logs.Registry(arguments.registry)
    if format_name == "csv" and files_format != "csv":
        raise Failure("topics of CSV are compared with files of CSV only: a line has no names")
    position = arguments.base
    if arguments.expired:
        position = max(position, cdr_logs.first_offset(arguments.brokers, arguments.properties, topic, partition))
    kafka = cdr_logs.read_kafka(arguments.brokers, arguments.properties, topic, partition, format_name, registry,
                                position, arguments.committed)
    files = cdr_logs.read_parts(parts, files_format, f"{arguments.order}_ts_ms")
    files = without_first(files, position - arguments.base)
    partitioner = cdr_logs.Partitioner(partitions)
    for records, expected in aligned(kafka, files):
        compare_batch((topic, partition), position, records, expected, partitioner, format_name == files_format)
        position += len(records)
    if registry is not None and position > arguments.base:
        check_ids(registry, topic)
    return position - arguments.base


def check_ids(registry, topic):
    """Consumers look for the newest schema of the topic's subject: it must be the one that the values name."""
    latest = registry.latest(topic)
    if set(registry.known) != {latest}:
        raise Failure(f"{topic}: values carry the schema ids {sorted(registry.known)}, its subject's newest is {latest}")


def log_digest(arguments, topic, partition, parts, format_name):
    digest = Digest()
    if parts is not None:
        batches = cdr_logs.read_parts(parts, format_name, f"{arguments.order}_ts_ms")
    else:
        batches = cdr_logs.read_kafka(arguments.brokers, arguments.properties, topic, partition, format_name,
                                      base=arguments.base)
    for batch in batches:
        digest.add(batch)
    return digest.as_json()


def in_processes(arguments, function, tasks):
    """[(task, result or Failure)]; Kafka's client must not be forked, so processes start afresh."""
    with ProcessPoolExecutor(arguments.jobs, multiprocessing.get_context("spawn")) as pool:
        futures = [(task, pool.submit(function, arguments, *task)) for task in tasks]
        results = []
        for task, future in futures:
            try:
                results.append((task, future.result()))
            except Failure as failure:
                results.append((task, failure))
        return results


def compare(arguments):
    topics = arguments.topics or cdr_logs.topics_of(arguments.files)
    if not topics:
        raise Failure(f"{arguments.files} holds no topics")
    partitions = cdr_logs.partitions_of(arguments.brokers, arguments.properties, topics)
    tasks = []
    for topic in topics:
        parts, files_format = cdr_logs.parts_of(arguments.files, files_topic(arguments, topic))
        beyond = [p for p in parts if p >= partitions[topic]]
        if beyond:
            raise Failure(f"{topic} has {partitions[topic]} partitions, the files have a partition {max(beyond)}")
        tasks += [(topic, p, partitions[topic], parts.get(p, []), files_format) for p in range(partitions[topic])]
    equal, differences = {topic: 0 for topic in topics}, []
    for task, result in in_processes(arguments, compare_log, tasks):
        if isinstance(result, Failure):
            differences.append(str(result))
        else:
            equal[task[0]] += result
    for topic in topics:
        print(f"{topic}: {equal[topic]} records in {partitions[topic]} partitions equal")
    for difference in differences:
        print(difference, file=sys.stderr)
    return 1 if differences else 0


def digest_tasks(arguments):
    if arguments.files:
        for topic in arguments.topics or cdr_logs.topics_of(arguments.files):
            parts, format_name = cdr_logs.parts_of(arguments.files, topic)
            for partition in range(max(parts) + 1):
                yield topic, partition, parts.get(partition, []), format_name
    else:
        topics = arguments.topics or ["cdr.call", "cdr.sms", "cdr.data"]
        partitions = cdr_logs.partitions_of(arguments.brokers, arguments.properties, topics)
        for topic in topics:
            for partition in range(partitions[topic]):
                yield topic, partition, None, arguments.format or "csv"


def digests(arguments):
    found = {}
    for (topic, *_), result in in_processes(arguments, log_digest, list(digest_tasks(arguments))):
        if isinstance(result, Failure):
            raise result
        found.setdefault(topic, []).append(result)
    topics = {topic: {**cdr_logs.topic_digest(dict(enumerate(logs))), "partitions": logs} for topic, logs in found.items()}
    print(json.dumps(topics, indent=1))
    if arguments.summary:
        check_summaries(arguments.summary, found)
    return 0


def check_summaries(paths, found):
    """Counts and digests that a run's summary, or those of all its shards, give must be those that were found, and name all
    that was found. (Files hold no part of an empty log.)"""
    named = {(topic, p): log for topic, logs in found.items() for p, log in enumerate(logs) if log["records"] > 0}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            said = json.load(file)["topics"]
        for topic, entry in said.items():
            logs = {}
            for log in entry["partitions"]:
                partition = log["partition"]
                logs[partition] = named.pop((topic, partition), Digest().as_json())
                check_numbers(f"{topic}[{partition}]", logs[partition], log)
            check_numbers(topic, cdr_logs.topic_digest(logs), entry)
    for topic, partition in named:
        raise Failure(f"{topic}[{partition}] has records, and is in no summary")


def check_numbers(where, found, said):
    for name in ("records", "bytes", "digest", "sum"):
        if said[name] != found[name]:
            raise Failure(f"{where}: {name} is {found[name]}, the summary says {said[name]}")


def dump(arguments):
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` is no error
    topic = arguments.topics[0]
    partitions = cdr_logs.partitions_of(arguments.brokers, arguments.properties, [topic])[topic]
    chosen = [int(arguments.topics[1])] if len(arguments.topics) == 2 else range(partitions)
    for partition in chosen:
        for messages in cdr_logs.messages_of(arguments.brokers, arguments.properties, topic, partition, arguments.base):
            for message in messages:
                key, value = message.key(), message.value()
                print(partition, message.offset(), message.timestamp()[1], "-" if key is None else key.decode(),
                      "-" if value is None else value.hex())
    return 0


def main():
    arguments = parse_arguments()
    try:
        return {"compare": compare, "digests": digests, "dump": dump}[arguments.command](arguments)
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
