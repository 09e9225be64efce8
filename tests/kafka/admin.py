#!/usr/bin/env python3
"""Looks after topics with Confluent's admin client, in a third of a second where Kafka's own tools take two.

    admin.py create TOPIC PARTITIONS [CONFIG=VALUE …]
    admin.py delete TOPIC…
    admin.py list [PREFIX]                names of topics, one a line
    admin.py partitions TOPIC             their number
    admin.py config TOPIC NAME            a setting's value
    admin.py offsets TOPIC                partition, first offset, end offset, one partition a line
    admin.py await RECORDS TOPIC…         waits until each partition of each has so many
    admin.py committed GROUP TOPIC        partition, committed offset, metadata, one partition a line
    admin.py forget GROUP…                deletes groups and what they committed
    admin.py sign GROUP TEXT TOPIC…       commits offset 0 with this metadata for all partitions of the topics
    admin.py allow PRINCIPAL TYPE PREFIX OPERATION…   on all topics, groups or transactional_ids that begin with PREFIX
                                          (TYPE topic, group, transactional_id), or on the cluster (broker kafka-cluster)
    admin.py set TOPIC NAME=VALUE…        settings; all others of the topic become the brokers'
    admin.py alter TOPIC NAME=VALUE…      settings; the topic's others stay
    admin.py grow TOPIC PARTITIONS        gives it more, so many in all
    admin.py recreate TOPIC PARTITIONS [fill [COUNT…] [committed]]
                                          deletes it and creates it again; with fill, each partition gets as many records
                                          of somebody else's as it had, or its COUNT; committed: in a transaction
    admin.py replicas TOPIC…              topic, partition, leader, number of replicas, of those in sync, one a line
    admin.py elect TOPIC…                 the first replica of every partition becomes its leader
    admin.py trim TOPIC PARTITION OFFSET  deletes the records before the offset
    admin.py copy TOPIC PARTITION OFFSET  writes the record there once more, at the end
    admin.py records TOPIC                partition and offset of each committed record, one a line
    admin.py compact TOPIC                sets cleanup.policy=compact until records are gone, then delete again; the brokers
                                          look for what to clean every tenth of a second from then on
    admin.py COMMAND … + COMMAND …        one after the other

The cluster is the one of --brokers or $CDRGEN_TEST_BROKERS; -X NAME=VALUE gives client properties.
"""

import argparse
import os
import re
import sys
import time

from confluent_kafka import (Consumer, ConsumerGroupTopicPartitions, ElectionType, KafkaError, KafkaException,
                             Producer, TopicPartition)
from confluent_kafka.admin import (AclBinding, AclOperation, AclPermissionType, AdminClient, AlterConfigOpType,
                                   ConfigEntry, ConfigResource, NewPartitions, NewTopic, ResourcePatternType,
                                   ResourceType)

TIMEOUT_S = 30


def wait_for(seen, complaint, timeout_s=TIMEOUT_S, every_s=0.05):
    deadline = time.monotonic() + timeout_s
    while not seen():
        if time.monotonic() > deadline:
            raise SystemExit(complaint)
        time.sleep(every_s)


def create(client, _, topic, partitions, *config):
    wanted = NewTopic(topic, int(partitions), config=dict(item.split("=", 1) for item in config))
    client.create_topics([wanted])[topic].result(TIMEOUT_S)
    wait_for(lambda: topic in client.list_topics(topic, timeout=TIMEOUT_S).topics and
             client.list_topics(topic, timeout=TIMEOUT_S).topics[topic].partitions, f"{topic} is not there")


def remove(client, *topics):
    for future in client.delete_topics(list(topics)).values():
        future.result(TIMEOUT_S)


def delete(client, _, *topics):
    """The broker's answer comes before the topics are gone: a run would find them not empty."""
    remove(client, *topics)
    wait_for(lambda: not set(topics) & set(client.list_topics(timeout=TIMEOUT_S).topics), f"{topics} do not go away")


def list_topics(client, _, prefix=""):
    for topic in sorted(client.list_topics(timeout=TIMEOUT_S).topics):
        if topic.startswith(prefix):
            print(topic)


def numbers(client, topic):
    known = client.list_topics(timeout=TIMEOUT_S).topics
    if topic not in known:
        raise SystemExit(f"there is no topic {topic}")
    return sorted(known[topic].partitions)


def partitions(client, _, topic):
    print(len(numbers(client, topic)))


def config(client, _, topic, name):
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    print(client.describe_configs([resource])[resource].result(TIMEOUT_S)[name].value)


def offsets(client, settings, topic):
    consumer = Consumer({**settings, "group.id": "cdrgen-admin"})
    for partition in numbers(client, topic):
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=TIMEOUT_S)
        print(partition, low, high)
    consumer.close()


def end_or_zero(consumer, place):
    """0 while the partition has no leader that says: it may just have been created."""
    try:
        return consumer.get_watermark_offsets(place, timeout=TIMEOUT_S)[1]
    except KafkaException:
        return 0


def await_records(client, settings, records, *topics):
    consumer = Consumer({**settings, "group.id": "cdrgen-admin"})
    deadline = time.monotonic() + 4 * TIMEOUT_S
    for topic in topics:
        while topic not in client.list_topics(timeout=TIMEOUT_S).topics and time.monotonic() < deadline:
            time.sleep(0.1)
        for partition in numbers(client, topic):
            place = TopicPartition(topic, partition)
            while end_or_zero(consumer, place) < int(records):
                if time.monotonic() > deadline:
                    raise SystemExit(f"{topic}[{partition}] does not get {records} records")
                time.sleep(0.05)
    consumer.close()


def metadata_of(place):
    """The client reads on beyond the end of what was committed by others: what cdrgen commits ends with 32 hex digits."""
    try:
        text = place.metadata or ""
    except UnicodeDecodeError as error:
        text = error.object[:error.start].decode()
    ours = re.match(r"(?:[\w.-]+ )*[0-9a-f]{32}", text)
    return ours[0] if ours else text


def committed(client, _, group, topic):
    wanted = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, p) for p in numbers(client, topic)])
    found = client.list_consumer_group_offsets([wanted])[group].result(TIMEOUT_S)
    for place in sorted(found.topic_partitions, key=lambda place: place.partition):
        print(place.partition, place.offset, metadata_of(place))


def forget(client, _, *groups):
    for future in client.delete_consumer_groups(list(groups), request_timeout=TIMEOUT_S).values():
        future.result(TIMEOUT_S)


def sign(client, _, group, text, *topics):
    places = [TopicPartition(topic, p, 0, metadata=text) for topic in topics for p in numbers(client, topic)]
    for future in client.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, places)]).values():
        future.result(TIMEOUT_S)


def replicas(client, _, *topics):
    known = client.list_topics(timeout=TIMEOUT_S).topics
    for topic in topics:
        for number, partition in sorted(known[topic].partitions.items()):
            print(topic, number, partition.leader, len(partition.replicas), len(partition.isrs))


def elect(client, _, *topics):
    places = [TopicPartition(topic, p) for topic in topics for p in numbers(client, topic)]
    results = client.elect_leaders(ElectionType.PREFERRED, places).result(TIMEOUT_S)
    for place, error in results.items():
        if error is not None and error.code() != KafkaError.ELECTION_NOT_NEEDED:
            raise SystemExit(f"{place.topic} [{place.partition}]: {error}")


def trim(client, _, topic, partition, offset):
    place = TopicPartition(topic, int(partition), int(offset))
    client.delete_records([place])[place].result(TIMEOUT_S)


def copy(_, settings, topic, partition, offset):
    consumer = Consumer({**settings, "group.id": "cdrgen-admin", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, int(partition), int(offset))])
    found = consumer.poll(TIMEOUT_S)
    consumer.close()
    if found is None or found.error() is not None or found.offset() != int(offset):
        raise SystemExit(f"{topic}[{partition}] has no record at offset {offset}")
    producer = Producer(settings)
    producer.produce(topic, key=found.key(), value=found.value(), partition=int(partition),
                     timestamp=found.timestamp()[1], headers=found.headers())
    producer.flush(TIMEOUT_S)


def allow(client, _, principal, kind, prefix, *operations):
    pattern = ResourcePatternType.LITERAL if kind == "broker" else ResourcePatternType.PREFIXED
    rules = [AclBinding(ResourceType[kind.upper()], prefix, pattern, principal, "*", AclOperation[operation],
                        AclPermissionType.ALLOW) for operation in operations]
    for future in client.create_acls(rules).values():
        future.result(TIMEOUT_S)


def set_config(client, _, topic, *config):
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic,
                              set_config=dict(item.split("=", 1) for item in config))
    client.alter_configs([resource])[resource].result(TIMEOUT_S)


def alter(client, _, topic, *config):
    entries = [ConfigEntry(*item.split("=", 1), incremental_operation=AlterConfigOpType.SET) for item in config]
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=entries)
    client.incremental_alter_configs([resource])[resource].result(TIMEOUT_S)


def read_records(settings, topic, wanted):
    """Partition and offset of each committed record."""
    consumer = Consumer({**settings, "group.id": "cdrgen-admin", "enable.partition.eof": True,
                         "auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, p, 0) for p in wanted])
    left, found = set(wanted), []
    while left:
        message = consumer.poll(TIMEOUT_S)
        if message is None:
            raise SystemExit(f"{topic} cannot be read")
        if message.error() is None:
            found.append((message.partition(), message.offset()))
        elif message.error().code() == KafkaError._PARTITION_EOF:
            left.discard(message.partition())
    consumer.close()
    return found


def records(client, settings, topic):
    for place in read_records(settings, topic, numbers(client, topic)):
        print(*place)


def hurry_cleaner(client):
    """It looks for what to clean every 15 s by default."""
    for broker in client.list_topics(timeout=TIMEOUT_S).brokers:
        entry = ConfigEntry("log.cleaner.backoff.ms", "100", incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ConfigResource.Type.BROKER, str(broker), incremental_configs=[entry])
        client.incremental_alter_configs([resource])[resource].result(TIMEOUT_S)


def compact(client, settings, topic):
    hurry_cleaner(client)
    wanted = numbers(client, topic)
    before = len(read_records(settings, topic, wanted))
    alter(client, settings, topic, "cleanup.policy=compact")
    wait_for(lambda: len(read_records(settings, topic, wanted)) < before, f"{topic} is not compacted",
             10 * TIMEOUT_S, 0.3)  # each look reads all
    alter(client, settings, topic, "cleanup.policy=delete")


def grow(client, _, topic, partitions):
    client.create_partitions([NewPartitions(topic, int(partitions))])[topic].result(TIMEOUT_S)
    wait_for(lambda: len(numbers(client, topic)) == int(partitions), f"{topic} has no {partitions} partitions")


def end_of(consumer, topic, number):
    try:
        return consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=TIMEOUT_S)[1]
    except KafkaException:  # it is being made
        return None


def recreate(client, settings, topic, partitions, fill=None, *how):
    consumer = Consumer({**settings, "group.id": "cdrgen-admin"})
    ends, before = {}, None
    while fill and ends != before:  # what is under way arrives first
        before = ends
        time.sleep(0.3)
        ends = {number: end_of(consumer, topic, number) for number in numbers(client, topic)}
    remove(client, topic)
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            create(client, settings, topic, partitions, "message.timestamp.after.max.ms=9223372036854775807")
            break
        except KafkaException:  # not gone yet
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
    for number in ends:  # the broker may go on with the old one for a moment
        wait_for(lambda: end_of(consumer, topic, number) == 0, f"{topic} is not created again")
    consumer.close()
    committed = "committed" in how
    ends.update(enumerate(int(count) for count in how if count.isdigit()))
    producer = Producer({**settings, "transactional.id": "somebody else's"} if committed else settings)
    if committed:
        producer.init_transactions(TIMEOUT_S)
        producer.begin_transaction()
    for number, end in ends.items():
        for _ in range(end):
            producer.produce(topic, value=b"somebody else's", partition=number)
    producer.flush(TIMEOUT_S)
    if committed:
        producer.commit_transaction(TIMEOUT_S)


COMMANDS = {"create": create, "delete": delete, "list": list_topics, "partitions": partitions, "config": config,
            "offsets": offsets, "committed": committed, "forget": forget, "sign": sign, "replicas": replicas,
            "elect": elect, "trim": trim, "copy": copy, "compact": compact, "records": records,
            "await": await_records, "allow": allow, "set": set_config, "alter": alter, "grow": grow, "recreate": recreate}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", default=os.environ.get("CDRGEN_TEST_BROKERS"))
    parser.add_argument("-X", dest="properties", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("arguments", nargs="*")
    given = parser.parse_intermixed_args()
    words, commands = [given.command, *given.arguments], [[]]
    for word in words:
        if word == "+":
            commands.append([])
        else:
            commands[-1].append(word)
    if not given.brokers:
        parser.error("--brokers is needed")
    settings = {"bootstrap.servers": given.brokers, **dict(item.split("=", 1) for item in given.properties)}
    client = AdminClient(settings)
    for command in commands:
        if not command or command[0] not in COMMANDS:
            parser.error(f"there is no command {' '.join(command)}")
        try:
            COMMANDS[command[0]](client, settings, *command[1:])
        except KafkaException as failure:
            raise SystemExit(f"{' '.join(command)}: {failure.args[0].str()}") from None
        except TypeError as wrong:
            parser.error(f"{command[0]}: {wrong}")


if __name__ == "__main__":
    sys.exit(main())
