-- activity
SET 'auto.offset.reset' = 'earliest';
CREATE STREAM cdr_data (msisdn_src STRING, end_ts_ms BIGINT, data_bytes_in BIGINT, data_bytes_out BIGINT)
  WITH (KAFKA_TOPIC = 'cdr.data', VALUE_FORMAT = 'JSON', TIMESTAMP = 'end_ts_ms');
CREATE STREAM records WITH (VALUE_FORMAT = 'JSON', TIMESTAMP = 'end_ts_ms') AS
SELECT msisdn_src, end_ts_ms, data_bytes_in, data_bytes_out, msisdn_src AS by_msisdn_src FROM cdr_data
  EMIT CHANGES;
CREATE TABLE `activity` WITH (KEY_FORMAT = 'JSON', VALUE_FORMAT = 'JSON') AS
SELECT by_msisdn_src, AS_VALUE(by_msisdn_src) AS `msisdn_src`, WINDOWSTART AS `window_start`, WINDOWEND AS `window_end`, count(*) AS `sessions`, sum((data_bytes_in + data_bytes_out)) AS `bytes`
  FROM records
  WINDOW SESSION (1800 SECONDS, GRACE PERIOD 600 SECONDS)
  GROUP BY by_msisdn_src
  EMIT CHANGES;

-- cell_load
SET 'auto.offset.reset' = 'earliest';
CREATE STREAM cdr_call (direction STRING, end_ts_ms BIGINT, duration_sec BIGINT, cell_id BIGINT, cause_for_record_closing STRING)
  WITH (KAFKA_TOPIC = 'cdr.call', VALUE_FORMAT = 'JSON', TIMESTAMP = 'end_ts_ms');
CREATE STREAM records WITH (VALUE_FORMAT = 'JSON', TIMESTAMP = 'end_ts_ms') AS
SELECT direction, end_ts_ms, duration_sec, cell_id, cause_for_record_closing, cell_id AS by_cell_id FROM cdr_call
  WHERE direction IN ('MO') AND cause_for_record_closing IN ('normalRelease', 'abnormalRelease')
  EMIT CHANGES;
CREATE TABLE `cell_load` WITH (KEY_FORMAT = 'JSON', VALUE_FORMAT = 'JSON') AS
SELECT by_cell_id, AS_VALUE(by_cell_id) AS `cell_id`, WINDOWSTART AS `window_start`, WINDOWEND AS `window_end`, count(*) AS `calls`, sum(duration_sec) AS `seconds`
  FROM records
  WINDOW TUMBLING (SIZE 300 SECONDS)
  GROUP BY by_cell_id
  EMIT CHANGES;

-- daily_top
-- sql: ksqldb has no windows of local days, so it cannot answer query daily_top

-- enriched
-- sql: query enriched joins the table of subscribers, which no SQL does yet

-- fanout
-- sql: ksqldb counts different values by an estimate only, so it cannot answer query fanout

-- hot_cells
-- sql: ksqldb has no ranks of rows, so it cannot answer query hot_cells

-- late
-- query late asks which records are late; say by which rule with --late

-- legs
-- Records have these fields with --fields direction,duration_sec,cell_id,call_id
SET 'auto.offset.reset' = 'earliest';
CREATE STREAM cdr_call (direction STRING, duration_sec BIGINT, cell_id BIGINT, call_id STRING)
  WITH (KAFKA_TOPIC = 'cdr.call', VALUE_FORMAT = 'JSON');
CREATE STREAM records WITH (VALUE_FORMAT = 'JSON') AS
SELECT direction, duration_sec, cell_id, call_id, call_id AS by_call_id FROM cdr_call
  EMIT CHANGES;
CREATE TABLE `legs_all` WITH (KEY_FORMAT = 'JSON', VALUE_FORMAT = 'JSON') AS
SELECT by_call_id, AS_VALUE(by_call_id) AS `call_id`, count(*) AS `legs`, max(CASE WHEN direction IN ('MO') THEN cell_id END) AS `mo_cell_id`, max(CASE WHEN direction IN ('MT') THEN cell_id END) AS `mt_cell_id`, max(CASE WHEN direction IN ('MO') THEN duration_sec END) AS `mo_duration_sec`, max(CASE WHEN direction IN ('MT') THEN duration_sec END) AS `mt_duration_sec`
  FROM records
  GROUP BY by_call_id
  EMIT CHANGES;
CREATE TABLE `legs` WITH (KEY_FORMAT = 'JSON', VALUE_FORMAT = 'JSON') AS
SELECT * FROM `legs_all` WHERE `legs` = 2
  EMIT CHANGES;

-- outcomes
SET 'auto.offset.reset' = 'earliest';
CREATE STREAM cdr_call (direction STRING, end_ts_ms BIGINT, duration_sec BIGINT, cause_for_record_closing STRING)
  WITH (KAFKA_TOPIC = 'cdr.call', VALUE_FORMAT = 'JSON', TIMESTAMP = 'end_ts_ms');
CREATE STREAM records WITH (VALUE_FORMAT = 'JSON', TIMESTAMP = 'end_ts_ms') AS
SELECT direction, end_ts_ms, duration_sec, cause_for_record_closing, direction AS by_direction, cause_for_record_closing AS by_cause_for_record_closing FROM cdr_call
  EMIT CHANGES;
CREATE TABLE `outcomes` WITH (KEY_FORMAT = 'JSON', VALUE_FORMAT = 'JSON') AS
SELECT by_direction, AS_VALUE(by_direction) AS `direction`, by_cause_for_record_closing, AS_VALUE(by_cause_for_record_closing) AS `cause_for_record_closing`, WINDOWSTART AS `window_start`, WINDOWEND AS `window_end`, count(*) AS `calls`, min(duration_sec) AS `shortest`, max(duration_sec) AS `longest`
  FROM records
  WINDOW TUMBLING (SIZE 3600 SECONDS)
  GROUP BY by_direction, by_cause_for_record_closing
  EMIT CHANGES;

-- sessions
-- Records have these fields with --fields start_ts_ms,end_ts_ms,duration_sec,data_bytes_in,data_bytes_out,session_id
SET 'auto.offset.reset' = 'earliest';
CREATE STREAM cdr_data (start_ts_ms BIGINT, end_ts_ms BIGINT, duration_sec BIGINT, data_bytes_in BIGINT, data_bytes_out BIGINT, session_id STRING)
  WITH (KAFKA_TOPIC = 'cdr.data', VALUE_FORMAT = 'JSON');
CREATE STREAM records WITH (VALUE_FORMAT = 'JSON') AS
SELECT start_ts_ms, end_ts_ms, duration_sec, data_bytes_in, data_bytes_out, session_id, session_id AS by_session_id FROM cdr_data
  EMIT CHANGES;
CREATE TABLE `sessions` WITH (KEY_FORMAT = 'JSON', VALUE_FORMAT = 'JSON') AS
SELECT by_session_id, AS_VALUE(by_session_id) AS `session_id`, count(*) AS `parts`, min(start_ts_ms) AS `start_ts_ms`, max(end_ts_ms) AS `end_ts_ms`, sum(duration_sec) AS `duration_sec`, sum((data_bytes_in + data_bytes_out)) AS `data_bytes_total`
  FROM records
  GROUP BY by_session_id
  EMIT CHANGES;

-- unique
-- Records have these fields with --fields end_ts_ms,duration_sec,record_id
SET 'auto.offset.reset' = 'earliest';
CREATE STREAM cdr_call (end_ts_ms BIGINT, duration_sec BIGINT, record_id STRING)
  WITH (KAFKA_TOPIC = 'cdr.call', VALUE_FORMAT = 'JSON');
CREATE STREAM cdr_sms (end_ts_ms BIGINT, duration_sec BIGINT, record_id STRING)
  WITH (KAFKA_TOPIC = 'cdr.sms', VALUE_FORMAT = 'JSON');
CREATE STREAM cdr_data (end_ts_ms BIGINT, duration_sec BIGINT, record_id STRING)
  WITH (KAFKA_TOPIC = 'cdr.data', VALUE_FORMAT = 'JSON');
CREATE STREAM records WITH (VALUE_FORMAT = 'JSON') AS
SELECT end_ts_ms, duration_sec, record_id, record_id AS by_record_id FROM cdr_call
  EMIT CHANGES;
INSERT INTO records SELECT end_ts_ms, duration_sec, record_id, record_id AS by_record_id FROM cdr_sms
  EMIT CHANGES;
INSERT INTO records SELECT end_ts_ms, duration_sec, record_id, record_id AS by_record_id FROM cdr_data
  EMIT CHANGES;
CREATE TABLE `unique` WITH (KEY_FORMAT = 'JSON', VALUE_FORMAT = 'JSON') AS
SELECT by_record_id, AS_VALUE(by_record_id) AS `record_id`, max(end_ts_ms) AS `end_ts_ms`, max(duration_sec) AS `duration_sec`
  FROM records
  GROUP BY by_record_id
  EMIT CHANGES;

-- usage
SET 'auto.offset.reset' = 'earliest';
CREATE STREAM cdr_data (msisdn_src STRING, end_ts_ms BIGINT, data_bytes_in BIGINT, data_bytes_out BIGINT)
  WITH (KAFKA_TOPIC = 'cdr.data', VALUE_FORMAT = 'JSON', TIMESTAMP = 'end_ts_ms');
CREATE STREAM records WITH (VALUE_FORMAT = 'JSON', TIMESTAMP = 'end_ts_ms') AS
SELECT msisdn_src, end_ts_ms, data_bytes_in, data_bytes_out, msisdn_src AS by_msisdn_src FROM cdr_data
  EMIT CHANGES;
CREATE TABLE `usage` WITH (KEY_FORMAT = 'JSON', VALUE_FORMAT = 'JSON') AS
SELECT by_msisdn_src, AS_VALUE(by_msisdn_src) AS `msisdn_src`, WINDOWSTART AS `window_start`, WINDOWEND AS `window_end`, count(*) AS `sessions`, sum((data_bytes_in + data_bytes_out)) AS `bytes`
  FROM records
  WINDOW TUMBLING (SIZE 3600 SECONDS)
  GROUP BY by_msisdn_src
  EMIT CHANGES;

