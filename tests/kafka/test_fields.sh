#!/usr/bin/env bash
# Records by the ready-made schemas of TS 32.298, through a real registry: what a stock reader decodes is what the CSV files of the
# same dataset say, also after a resume; verify finds nothing, resume goes on with the next number of each node. Headers can hold
# what only some records have.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster registry

prefix=$(fresh_prefix)
model=(--subs 400 --start 2025-03-29 --tz Europe/Amsterdam --seed 8 --partitions 3 --partial 10m)
schemas=()
for type in call sms data; do
    schemas+=(--schema "$type=$SOURCE_DIR/schemas/3gpp/$type.avsc")
done
settings=("${model[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --format avro
    "${schemas[@]}" --headers "record_id,answered=answer_time,number=local_sequence_number")

"$CDRGEN" run --quiet --create-topics --registry "$CDRGEN_TEST_REGISTRY" "${settings[@]}" --id-header --days 1 --workers 1
"$CDRGEN" run --quiet --registry "$CDRGEN_TEST_REGISTRY" "${settings[@]}" --id-header --days 2 --resume --workers 2
"$CDRGEN" verify --quiet "${settings[@]}" --days 2 || die "verify finds other records"
"$CDRGEN" verify --quiet "${settings[@]}" --days 2 --by id --topic "${prefix}call,${prefix}sms,${prefix}data" || die "verify by id finds other records"
"$CDRGEN" run --quiet "${model[@]}" --days 2 --sink file --out "$WORK/csv" --format csv \
    --fields "$(<"$SOURCE_DIR/tests/schemas/fields.txt")"

# Of one subscriber, without the others, but for the numbers in the logs.
number=$("$CDRGEN" subscribers "${model[@]}" | sed -n 8p | cut -d , -f 1)
"$CDRGEN" trace "$number" "${model[@]}" --days 2 --format avro "${schemas[@]}" >"$WORK/traced.json"

"$PYTHON" - "$CDRGEN_TEST_BROKERS" "$CDRGEN_TEST_REGISTRY" "$prefix" "$WORK/csv" "$number" "$WORK/traced.json" <<'PYTHON' || die "records differ"
import csv, json, pathlib, sys, warnings
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.serialization import MessageField, SerializationContext
with warnings.catch_warnings(record=True):  # of what the registry client brings along, about its own future
    from confluent_kafka.schema_registry import SchemaRegistryClient
    from confluent_kafka.schema_registry.avro import AvroDeserializer

brokers, registry, prefix, folder, traced, traced_path = sys.argv[1:]
RAT = {"WCDMA": 1, "LTE": 6, "NR": 51}
TYPES = {"mMTelRecord": 83, "sgsnSMORecord": 21, "sgsnSMTRecord": 22, "chargingFunctionRecord": 200, "sgsnPDPRecord": 18, "pgwRecord": 85}
CAUSES = {"normalRelease": 0, "abnormalRelease": 4, "noAnswer": 3, "busy": 3, "failure": 3, "timeLimit": 17}


def ms(value):
    return None if value is None else round(value.timestamp() * 1000)


def common(row):
    owner = row["msisdn_src"] if row["direction"] == "MO" else row["msisdn_dst"]
    record_type = TYPES.get(row["record_type"], int(row["direction"] == "MT"))
    return {"recordType": record_type, "servedIMSI": row["imsi"], "servedMSISDN": owner, "nodeID": row["node_id"],
            "localSequenceNumber": int(row["local_sequence_number"]), "servedIMEI": row["imeisv"]}


def number(row, name):
    return int(row[name]) if row[name] else None


def wanted(kind, row):
    fields = common(row)
    cell = row["cell_global_id"]
    assert cell.startswith(row["mccmnc"]) and row["imeisv"][:14] == row["imei"][:14]
    if kind == "call":
        answered = row["answer_ts_ms"] != ""
        duration = int(row["end_ts_ms"]) - int(row["answer_ts_ms"] or row["start_ts_ms"])
        return fields | {
            "callingNumber": row["msisdn_src"], "calledNumber": row["msisdn_dst"], "seizureTime": int(row["start_ts_ms"]),
            "answerTime": number(row, "answer_ts_ms"), "releaseTime": int(row["end_ts_ms"]), "callDuration": duration // 1000,
            "causeForTerm": CAUSES[row["cause_for_record_closing"]], "diagnostics": int(row["q850_cause"]),
            "callReference": row["call_id"], "rATType": int(row["rat_type"]),
            "location": {"mCC_MNC": row["mccmnc"], "cellGlobalId": cell},
        } | ({} if answered else {"callDuration": int(row["duration_sec"])})
    fields |= {"userLocationInformation": cell, "servingNodePLMNIdentifier": row["mccmnc"], "rATType": int(row["rat_type"])}
    if kind == "sms":
        failed = (27 if row["direction"] == "MT" else 38) if row["sms_status"] == "FAILED" else None
        return fields | {
            "messageReference": row["message_id"], "eventTimeStamp": int(row["start_ts_ms"]), "smsResult": failed,
            "originatingAddress": row["msisdn_src"], "destinationNumber": row["msisdn_dst"], "sMTotalNumber": int(row["sms_segments"])}
    return fields | {
        "chargingID": int(row["charging_id"]), "accessPointNameNI": row["apn"], "recordOpeningTime": int(row["start_ts_ms"]),
        "duration": int(row["duration_sec"]), "causeForRecClosing": CAUSES[row["cause_for_record_closing"]],
        "recordSequenceNumber": number(row, "record_sequence_number"), "rATType": RAT[row["rat"]],
        "serviceData": {"ratingGroup": {"internet": 100, "ims": 200, "mms": 300}[row["apn"]], "timeUsage": int(row["duration_sec"]),
                        "qoSInformationNeg": {"qCI": {"internet": 9, "ims": 5, "mms": 8}[row["apn"]]},
                        "datavolumeFBCUplink": int(row["data_bytes_in"]), "datavolumeFBCDownlink": int(row["data_bytes_out"])}}


TIMES = {"seizureTime", "answerTime", "releaseTime", "eventTimeStamp", "recordOpeningTime"}
decode = AvroDeserializer(SchemaRegistryClient({"url": registry}))
consumer = Consumer({"bootstrap.servers": brokers, "group.id": "test", "auto.offset.reset": "earliest"})
compared = absent = 0
of_traced = []
for kind in ("call", "sms", "data"):
    topic = prefix + kind
    for partition in range(3):
        rows = []
        for part in sorted(pathlib.Path(folder, f"cdr.{kind}").glob(f"*/part-{partition:04}-*.csv"), key=lambda p: p.name):
            with open(part, newline="", encoding="utf-8") as file:
                rows += csv.DictReader(file, delimiter=";")
        consumer.assign([TopicPartition(topic, partition, 0)])
        assert consumer.get_watermark_offsets(TopicPartition(topic, partition), 10) == (0, len(rows)), f"{topic}[{partition}]"
        for row in rows:
            message = consumer.poll(20)
            assert message is not None and message.error() is None, message
            found = decode(message.value(), SerializationContext(topic, MessageField.VALUE))
            found = {name: ms(value) if name in TIMES else value for name, value in found.items()}
            assert found == wanted(kind, row), f"{topic}[{partition}] {message.offset()}: {found}, not {wanted(kind, row)}"
            assert found["localSequenceNumber"] == message.offset() and found["nodeID"] == f"cdf-{kind}-{partition}"
            headers = {name: value.decode() for name, value in message.headers()}
            assert headers["record_id"] == headers["cdrgen-id"] == row["record_id"], headers
            assert headers["number"] == row["local_sequence_number"], headers
            assert headers.get("answered", "") == row["answer_time"], headers
            compared += 1
            if found["servedMSISDN"] == traced:
                of_traced.append(json.dumps(found, sort_keys=True))
            absent += headers.get("answered") == ""
with open(traced_path, encoding="utf-8") as file:
    lines = [json.dumps(json.loads(line), sort_keys=True) for line in file]
assert sorted(lines) == sorted(of_traced) and lines, f"trace {traced}: {len(lines)} records, not {len(of_traced)}"
assert compared > 10000 and absent > 100, (compared, absent)
print(compared, "records")
PYTHON
