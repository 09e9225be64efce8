-- activity
SET 'table.local-time-zone' = 'UTC';
CREATE TEMPORARY TABLE cdr_data (msisdn_src STRING, end_ts_ms BIGINT, data_bytes_in BIGINT, data_bytes_out BIGINT,
  ts AS TO_TIMESTAMP_LTZ(end_ts_ms, 3), WATERMARK FOR ts AS ts - INTERVAL '0 00:10:00' DAY TO SECOND)
  WITH ('connector' = 'kafka', 'topic' = 'cdr.data', 'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TEMPORARY VIEW records AS
SELECT msisdn_src, end_ts_ms, data_bytes_in, data_bytes_out, ts, msisdn_src AS by_msisdn_src FROM cdr_data;
SELECT window_start, window_end, by_msisdn_src AS `msisdn_src`, count(*) AS `sessions`, sum((data_bytes_in + data_bytes_out)) AS `bytes`
  FROM TABLE(SESSION(TABLE records PARTITION BY (by_msisdn_src), DESCRIPTOR(ts), INTERVAL '0 00:30:00' DAY TO SECOND))
  GROUP BY window_start, window_end, by_msisdn_src;

-- cell_load
SET 'table.local-time-zone' = 'UTC';
CREATE TEMPORARY TABLE cdr_call (direction STRING, end_ts_ms BIGINT, duration_sec BIGINT, cell_id BIGINT, cause_for_record_closing STRING,
  ts AS TO_TIMESTAMP_LTZ(end_ts_ms, 3), WATERMARK FOR ts AS ts - INTERVAL '0 00:00:00' DAY TO SECOND)
  WITH ('connector' = 'kafka', 'topic' = 'cdr.call', 'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TEMPORARY VIEW records AS
SELECT direction, end_ts_ms, duration_sec, cell_id, cause_for_record_closing, ts, cell_id AS by_cell_id FROM cdr_call
  WHERE direction IN ('MO') AND cause_for_record_closing IN ('normalRelease', 'abnormalRelease');
SELECT window_start, window_end, by_cell_id AS `cell_id`, count(*) AS `calls`, sum(duration_sec) AS `seconds`
  FROM TABLE(TUMBLE(TABLE records, DESCRIPTOR(ts), INTERVAL '0 00:05:00' DAY TO SECOND))
  GROUP BY window_start, window_end, by_cell_id;

-- daily_top
SET 'table.local-time-zone' = 'Europe/Amsterdam';
CREATE TEMPORARY TABLE cdr_data (msisdn_src STRING, start_ts_ms BIGINT, data_bytes_in BIGINT, data_bytes_out BIGINT,
  ts AS TO_TIMESTAMP_LTZ(start_ts_ms, 3), WATERMARK FOR ts AS ts - INTERVAL '0 00:00:00' DAY TO SECOND)
  WITH ('connector' = 'kafka', 'topic' = 'cdr.data', 'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TEMPORARY VIEW records AS
SELECT msisdn_src, start_ts_ms, data_bytes_in, data_bytes_out, ts, msisdn_src AS by_msisdn_src FROM cdr_data;
SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start ORDER BY `bytes` DESC) AS `rank`
FROM (SELECT DATE_FORMAT(window_start, 'yyyy-MM-dd') AS window_start, by_msisdn_src AS `msisdn_src`, count(*) AS `sessions`, sum((data_bytes_in + data_bytes_out)) AS `bytes`
  FROM TABLE(TUMBLE(TABLE records, DESCRIPTOR(ts), INTERVAL '1 00:00:00' DAY TO SECOND))
  GROUP BY window_start, window_end, by_msisdn_src))
WHERE `rank` <= 100;

-- enriched
-- sql: query enriched joins the table of subscribers, which no SQL does yet

-- fanout
SET 'table.local-time-zone' = 'UTC';
CREATE TEMPORARY TABLE cdr_call (msisdn_src STRING, msisdn_dst STRING, direction STRING, start_ts_ms BIGINT,
  ts AS TO_TIMESTAMP_LTZ(start_ts_ms, 3), WATERMARK FOR ts AS ts - INTERVAL '0 00:00:00' DAY TO SECOND)
  WITH ('connector' = 'kafka', 'topic' = 'cdr.call', 'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TEMPORARY VIEW records AS
SELECT msisdn_src, msisdn_dst, direction, start_ts_ms, ts, msisdn_src AS by_msisdn_src FROM cdr_call
  WHERE direction IN ('MO');
SELECT window_start, window_end, by_msisdn_src AS `msisdn_src`, count(*) AS `calls`, count(DISTINCT msisdn_dst) AS `parties`
  FROM TABLE(TUMBLE(TABLE records, DESCRIPTOR(ts), INTERVAL '0 01:00:00' DAY TO SECOND))
  GROUP BY window_start, window_end, by_msisdn_src;

-- hot_cells
SET 'table.local-time-zone' = 'UTC';
CREATE TEMPORARY TABLE cdr_call (end_ts_ms BIGINT, cell_id BIGINT,
  ts AS TO_TIMESTAMP_LTZ(end_ts_ms, 3), WATERMARK FOR ts AS ts - INTERVAL '0 00:00:00' DAY TO SECOND)
  WITH ('connector' = 'kafka', 'topic' = 'cdr.call', 'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TEMPORARY TABLE cdr_sms (end_ts_ms BIGINT, cell_id BIGINT,
  ts AS TO_TIMESTAMP_LTZ(end_ts_ms, 3), WATERMARK FOR ts AS ts - INTERVAL '0 00:00:00' DAY TO SECOND)
  WITH ('connector' = 'kafka', 'topic' = 'cdr.sms', 'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TEMPORARY TABLE cdr_data (end_ts_ms BIGINT, cell_id BIGINT,
  ts AS TO_TIMESTAMP_LTZ(end_ts_ms, 3), WATERMARK FOR ts AS ts - INTERVAL '0 00:00:00' DAY TO SECOND)
  WITH ('connector' = 'kafka', 'topic' = 'cdr.data', 'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TEMPORARY VIEW records AS
SELECT end_ts_ms, cell_id, ts, cell_id AS by_cell_id FROM cdr_call
UNION ALL SELECT end_ts_ms, cell_id, ts, cell_id AS by_cell_id FROM cdr_sms
UNION ALL SELECT end_ts_ms, cell_id, ts, cell_id AS by_cell_id FROM cdr_data;
SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY `records` DESC) AS `rank`
FROM (SELECT window_start, window_end, by_cell_id AS `cell_id`, count(*) AS `records`
  FROM TABLE(HOP(TABLE records, DESCRIPTOR(ts), INTERVAL '0 00:01:00' DAY TO SECOND, INTERVAL '0 00:10:00' DAY TO SECOND))
  GROUP BY window_start, window_end, by_cell_id))
WHERE `rank` <= 10;

-- late
-- query late asks which records are late; say by which rule with --late

-- legs
-- Records have these fields with --fields direction,duration_sec,cell_id,call_id
SET 'table.local-time-zone' = 'UTC';
CREATE TEMPORARY TABLE cdr_call (direction STRING, duration_sec BIGINT, cell_id BIGINT, call_id STRING)
  WITH ('connector' = 'kafka', 'topic' = 'cdr.call', 'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TEMPORARY VIEW records AS
SELECT direction, duration_sec, cell_id, call_id, call_id AS by_call_id FROM cdr_call;
SELECT * FROM (SELECT by_call_id AS `call_id`, count(*) AS `legs`, max(cell_id) FILTER (WHERE direction IN ('MO')) AS `mo_cell_id`, max(cell_id) FILTER (WHERE direction IN ('MT')) AS `mt_cell_id`, max(duration_sec) FILTER (WHERE direction IN ('MO')) AS `mo_duration_sec`, max(duration_sec) FILTER (WHERE direction IN ('MT')) AS `mt_duration_sec`
  FROM records
  GROUP BY by_call_id)
WHERE `legs` = 2;

-- outcomes
SET 'table.local-time-zone' = 'UTC';
CREATE TEMPORARY TABLE cdr_call (direction STRING, end_ts_ms BIGINT, duration_sec BIGINT, cause_for_record_closing STRING,
  ts AS TO_TIMESTAMP_LTZ(end_ts_ms, 3), WATERMARK FOR ts AS ts - INTERVAL '0 00:00:00' DAY TO SECOND)
  WITH ('connector' = 'kafka', 'topic' = 'cdr.call', 'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TEMPORARY VIEW records AS
SELECT direction, end_ts_ms, duration_sec, cause_for_record_closing, ts, direction AS by_direction, cause_for_record_closing AS by_cause_for_record_closing FROM cdr_call;
SELECT window_start, window_end, by_direction AS `direction`, by_cause_for_record_closing AS `cause_for_record_closing`, count(*) AS `calls`, min(duration_sec) AS `shortest`, max(duration_sec) AS `longest`
  FROM TABLE(TUMBLE(TABLE records, DESCRIPTOR(ts), INTERVAL '0 01:00:00' DAY TO SECOND))
  GROUP BY window_start, window_end, by_direction, by_cause_for_record_closing;

-- sessions
-- Records have these fields with --fields start_ts_ms,end_ts_ms,duration_sec,data_bytes_in,data_bytes_out,session_id
SET 'table.local-time-zone' = 'UTC';
CREATE TEMPORARY TABLE cdr_data (start_ts_ms BIGINT, end_ts_ms BIGINT, duration_sec BIGINT, data_bytes_in BIGINT, data_bytes_out BIGINT, session_id STRING)
  WITH ('connector' = 'kafka', 'topic' = 'cdr.data', 'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TEMPORARY VIEW records AS
SELECT start_ts_ms, end_ts_ms, duration_sec, data_bytes_in, data_bytes_out, session_id, session_id AS by_session_id FROM cdr_data;
SELECT by_session_id AS `session_id`, count(*) AS `parts`, min(start_ts_ms) AS `start_ts_ms`, max(end_ts_ms) AS `end_ts_ms`, sum(duration_sec) AS `duration_sec`, sum((data_bytes_in + data_bytes_out)) AS `data_bytes_total`
  FROM records
  GROUP BY by_session_id;

-- unique
-- Records have these fields with --fields end_ts_ms,duration_sec,record_id
SET 'table.local-time-zone' = 'UTC';
CREATE TEMPORARY TABLE cdr_call (end_ts_ms BIGINT, duration_sec BIGINT, record_id STRING)
  WITH ('connector' = 'kafka', 'topic' = 'cdr.call', 'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TEMPORARY TABLE cdr_sms (end_ts_ms BIGINT, duration_sec BIGINT, record_id STRING)
  WITH ('connector' = 'kafka', 'topic' = 'cdr.sms', 'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TEMPORARY TABLE cdr_data (end_ts_ms BIGINT, duration_sec BIGINT, record_id STRING)
  WITH ('connector' = 'kafka', 'topic' = 'cdr.data', 'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TEMPORARY VIEW records AS
SELECT end_ts_ms, duration_sec, record_id, record_id AS by_record_id FROM cdr_call
UNION ALL SELECT end_ts_ms, duration_sec, record_id, record_id AS by_record_id FROM cdr_sms
UNION ALL SELECT end_ts_ms, duration_sec, record_id, record_id AS by_record_id FROM cdr_data;
SELECT by_record_id AS `record_id`, max(end_ts_ms) AS `end_ts_ms`, max(duration_sec) AS `duration_sec`
  FROM records
  GROUP BY by_record_id;

-- usage
SET 'table.local-time-zone' = 'UTC';
CREATE TEMPORARY TABLE cdr_data (msisdn_src STRING, end_ts_ms BIGINT, data_bytes_in BIGINT, data_bytes_out BIGINT,
  ts AS TO_TIMESTAMP_LTZ(end_ts_ms, 3), WATERMARK FOR ts AS ts - INTERVAL '0 00:00:00' DAY TO SECOND)
  WITH ('connector' = 'kafka', 'topic' = 'cdr.data', 'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TEMPORARY VIEW records AS
SELECT msisdn_src, end_ts_ms, data_bytes_in, data_bytes_out, ts, msisdn_src AS by_msisdn_src FROM cdr_data;
SELECT window_start, window_end, by_msisdn_src AS `msisdn_src`, count(*) AS `sessions`, sum((data_bytes_in + data_bytes_out)) AS `bytes`
  FROM TABLE(TUMBLE(TABLE records, DESCRIPTOR(ts), INTERVAL '0 01:00:00' DAY TO SECOND))
  GROUP BY window_start, window_end, by_msisdn_src;

