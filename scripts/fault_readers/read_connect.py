"""Kafka Connect's file sink, standalone, with errors.tolerance all (and a topic of dead letters), and none.

    read_connect.py BROKERS REGISTRY TASKS SCHEMA JARS FOLDER: tasks.py says what TASKS holds and what is printed.

A connector for each topic and each tolerance, all in one worker. What the sink writes has the offset of each message in it.
Of tolerance none, a line for the whole topic where the task failed.
"""
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

from confluent_kafka import Consumer, TopicPartition

CONVERTERS = {
    "avro": {"value.converter": "io.apicurio.registry.utils.converter.AvroConverter",
             "value.converter.apicurio.registry.id-handler": "io.apicurio.registry.serde.Legacy4ByteIdHandler",
             "value.converter.apicurio.registry.use-id": "contentId",
             "value.converter.apicurio.registry.headers.enabled": "false"},
    "json": {"value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "false"},
}


def write_properties(path, settings):
    with open(path, "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in settings.items())
    return path


def end_of(brokers, topic):
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "none"})
    high = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=30)[1]
    consumer.close()
    return high


def dead_letters(brokers, topic):
    """Offset and exception of each message that a connector gave up."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "none", "auto.offset.reset": "earliest"})
    if topic not in consumer.list_topics(timeout=30).topics:
        return
    low, high = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=30)
    consumer.assign([TopicPartition(topic, 0, low)])
    left = high - low
    while left > 0:
        for message in consumer.consume(1000, 10):
            if message.error():
                sys.exit(str(message.error()))
            left -= 1
            headers = {name: value.decode() for name, value in message.headers() if value}
            where = "__connect.errors."
            yield int(headers[where + "offset"]), " ".join(headers[where + "exception.message"].split())
    consumer.close()


def written(path):
    """Offset and record of each line of the sink."""
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            yield int(re.search(r"\bat=(\d+)", line)[1]), re.search(r"\bvalue=(.*?)(, at=\d+)?\}$", line.rstrip("\n"))[1]


def connector(folder, name, task, tolerance, registry):
    form, _, topic, _ = task
    return write_properties(f"{folder}/{name}.properties", {
        "name": name, "connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "tasks.max": 1,
        "topics": topic, "file": f"{folder}/{name}.out", "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        **CONVERTERS[form],
        **({"value.converter.apicurio.registry.url": re.sub("/apis/.*", "/apis/registry/v2", registry)} if form == "avro" else {}),
        "transforms": "hoist,at", "transforms.hoist.type": "org.apache.kafka.connect.transforms.HoistField$Value",
        "transforms.hoist.field": "value", "transforms.at.type": "org.apache.kafka.connect.transforms.InsertField$Value",
        "transforms.at.offset.field": "at", "errors.tolerance": tolerance, "consumer.override.auto.offset.reset": "earliest",
        "consumer.override.max.partition.fetch.bytes": 20000000,
        **({"errors.deadletterqueue.topic.name": f"dead.{name}", "errors.deadletterqueue.topic.replication.factor": 1,
            "errors.deadletterqueue.context.headers.enable": "true"} if tolerance == "all" else {})})


def status(port, name):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/connectors/{name}/status", timeout=10) as answer:
            tasks = json.load(answer)["tasks"]
        return tasks[0] if tasks else {"state": "UNASSIGNED"}
    except OSError:
        return {"state": "UNASSIGNED"}


def committed(brokers, name, topic):
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": f"connect-{name}"})
    try:
        return consumer.committed([TopicPartition(topic, 0)], timeout=30)[0].offset
    finally:
        consumer.close()


def wait_for(brokers, port, connectors, worker):
    """Until each connector has come to the end of its topic, or its task failed; the failures."""
    failures, waiting, until = {}, dict(connectors), time.monotonic() + 300
    while waiting:
        if worker.poll() is not None or time.monotonic() > until:
            sys.exit(f"Connect does not finish: {list(waiting)}")
        time.sleep(1)
        for name, (task, _) in list(waiting.items()):
            state = status(port, name)
            if state["state"] == "FAILED":
                failures[name] = state["trace"]
            elif committed(brokers, name, task[2]) < end_of(brokers, task[2]):
                continue
            del waiting[name]
    return failures


def report(brokers, folder, name, task, tolerance, failures):
    label, kind = f"connect-{tolerance}", f"{task[0]}/{task[1]}"
    for offset, record in written(f"{folder}/{name}.out"):
        print(label, kind, offset, "null" if record == "null" else "value", record, sep="\t")
    if tolerance == "all":
        for offset, words in dead_letters(brokers, f"dead.{name}"):
            print(label, kind, offset, "dead", words, sep="\t")
    if name in failures:
        causes = re.findall(r"^(?:Caused by: )?(\S+(?:Exception|Error).*)$", failures[name], re.M)
        print(label, kind, "all", "throws", causes[-1], sep="\t")


def main():
    brokers, registry, tasks, _, jars, folder = sys.argv[1:]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    worker_properties = write_properties(f"{folder}/worker.properties", {
        "bootstrap.servers": brokers, "listeners": f"http://127.0.0.1:{port}", "offset.flush.interval.ms": 1000,
        "offset.storage.file.filename": f"{folder}/offsets", "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
        "connector.client.config.override.policy": "All"})
    connectors = {}
    with open(tasks) as lines:
        for task in (line.rstrip("\n").split("\t") for line in lines):
            for tolerance in ("all", "none"):
                name = f"{task[0]}-{task[1]}-{tolerance}"
                connectors[name] = (task, tolerance)
    paths = [connector(folder, name, task, tolerance, registry) for name, (task, tolerance) in connectors.items()]
    with open(f"{folder}/connect.log", "w") as log:
        worker = subprocess.Popen(["java", "-Xmx1g", "-cp", f"{jars}/*", "org.apache.kafka.connect.cli.ConnectStandalone",
                                   worker_properties, *paths], stdout=log, stderr=log, env={**os.environ, "CLASSPATH": ""})
    try:
        failures = wait_for(brokers, port, connectors, worker)
    finally:
        worker.terminate()
        worker.wait()
    for name, (task, tolerance) in connectors.items():
        report(brokers, folder, name, task, tolerance, failures)


if __name__ == "__main__":
    main()
