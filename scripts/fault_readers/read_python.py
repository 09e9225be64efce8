"""Confluent's AvroDeserializer for Python (it decodes with fastavro) and Python's own json.

    read_python.py BROKERS REGISTRY TASKS: tasks.py says what TASKS holds and what is printed.
"""
import json
import sys

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext


def one_line(words):
    return " ".join(str(words).split())


def read(name, kind, message, reader):
    try:
        value = reader(message)
        outcome = "null" if value is None else "value"
    except Exception as failure:  # what a consumer meets, whatever it is
        outcome, value = "throws", f"{type(failure).__name__}: {failure}"
    print(name, kind, message.offset(), outcome, one_line(value), sep="\t")


def main():
    brokers, registry, tasks = sys.argv[1:4]
    deserializer = AvroDeserializer(SchemaRegistryClient({"url": registry}))
    readers = {
        "avro": ("python", lambda message: deserializer(
            message.value(), SerializationContext(message.topic(), MessageField.VALUE))),
        "json": ("python", lambda message: None if message.value() is None else json.loads(message.value())),
    }
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "none", "enable.auto.commit": False,
                         "auto.offset.reset": "earliest"})
    with open(tasks) as lines:
        for line in lines:
            form, kind, topic, _ = line.rstrip("\n").split("\t")
            name, reader = readers[form]
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=30)
            consumer.assign([TopicPartition(topic, 0, low)])
            left = high - low
            while left > 0:
                for message in consumer.consume(1000, 10):
                    if message.error():
                        sys.exit(str(message.error()))
                    left -= 1
                    read(name, f"{form}/{kind}", message, reader)
    consumer.close()


if __name__ == "__main__":
    main()
