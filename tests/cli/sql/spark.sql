-- activity
SET TIME ZONE 'UTC';
CREATE OR REPLACE TEMPORARY VIEW cdr_data USING csv OPTIONS (path 'folder/cdr.data', sep ';', header 'true', recursiveFileLookup 'true', pathGlobFilter '*.csv*');
WITH records AS (
  SELECT msisdn_src, CAST(end_ts_ms AS BIGINT) AS end_ts_ms, CAST(data_bytes_in AS BIGINT) AS data_bytes_in, CAST(data_bytes_out AS BIGINT) AS data_bytes_out
  FROM (SELECT msisdn_src, end_ts_ms, data_bytes_in, data_bytes_out FROM cdr_data) tables
), chosen AS (
  SELECT *, msisdn_src AS by_msisdn_src
  FROM records
), marked AS (
  SELECT *, CASE WHEN end_ts_ms - lag(end_ts_ms) OVER (PARTITION BY by_msisdn_src ORDER BY end_ts_ms) <= 1800000 THEN 0 ELSE 1 END AS begins
  FROM chosen
), placed AS (
  SELECT *, sum(begins) OVER (PARTITION BY by_msisdn_src ORDER BY end_ts_ms
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS session
  FROM marked
), grouped AS (
  SELECT min(end_ts_ms) AS window_start, max(end_ts_ms) + 1800000 AS window_end, by_msisdn_src,
    count(*) AS `sessions`,
    sum((data_bytes_in + data_bytes_out)) AS `bytes`
  FROM placed
  GROUP BY session, by_msisdn_src
)
SELECT window_start, window_end, by_msisdn_src AS msisdn_src, `sessions`, `bytes`
FROM grouped
ORDER BY 1, 2, 3;

-- cell_load
SET TIME ZONE 'UTC';
CREATE OR REPLACE TEMPORARY VIEW cdr_call USING csv OPTIONS (path 'folder/cdr.call', sep ';', header 'true', recursiveFileLookup 'true', pathGlobFilter '*.csv*');
WITH records AS (
  SELECT direction, CAST(end_ts_ms AS BIGINT) AS end_ts_ms, CAST(duration_sec AS BIGINT) AS duration_sec, CAST(cell_id AS BIGINT) AS cell_id, cause_for_record_closing
  FROM (SELECT direction, end_ts_ms, duration_sec, cell_id, cause_for_record_closing FROM cdr_call) tables
), chosen AS (
  SELECT *, cell_id AS by_cell_id
  FROM records
  WHERE direction IN ('MO') AND cause_for_record_closing IN ('normalRelease', 'abnormalRelease')
), placed AS (
  SELECT *, end_ts_ms DIV 300000 * 300000 AS window_start
  FROM chosen
), grouped AS (
  SELECT window_start, window_start + 300000 AS window_end, by_cell_id,
    count(*) AS `calls`,
    sum(duration_sec) AS `seconds`
  FROM placed
  GROUP BY window_start, by_cell_id
)
SELECT window_start, window_end, by_cell_id AS cell_id, `calls`, `seconds`
FROM grouped
ORDER BY 1, 2, 3;

-- daily_top
SET TIME ZONE 'UTC';
CREATE OR REPLACE TEMPORARY VIEW cdr_data USING csv OPTIONS (path 'folder/cdr.data', sep ';', header 'true', recursiveFileLookup 'true', pathGlobFilter '*.csv*');
WITH records AS (
  SELECT msisdn_src, CAST(start_ts_ms AS BIGINT) AS start_ts_ms, CAST(data_bytes_in AS BIGINT) AS data_bytes_in, CAST(data_bytes_out AS BIGINT) AS data_bytes_out
  FROM (SELECT msisdn_src, start_ts_ms, data_bytes_in, data_bytes_out FROM cdr_data) tables
), chosen AS (
  SELECT *, msisdn_src AS by_msisdn_src
  FROM records
), placed AS (
  SELECT *, unix_millis(to_utc_timestamp(date_trunc('DAY', from_utc_timestamp(timestamp_millis(start_ts_ms), 'Europe/Amsterdam')), 'Europe/Amsterdam')) AS window_start,
    unix_millis(to_utc_timestamp(date_trunc('DAY', from_utc_timestamp(timestamp_millis(start_ts_ms), 'Europe/Amsterdam')) + INTERVAL '1' DAY, 'Europe/Amsterdam')) AS day_end
  FROM chosen
), grouped AS (
  SELECT window_start, day_end AS window_end, by_msisdn_src,
    count(*) AS `sessions`,
    sum((data_bytes_in + data_bytes_out)) AS `bytes`
  FROM placed
  GROUP BY window_start, day_end, by_msisdn_src
)
SELECT * FROM (SELECT window_start, window_end, rank() OVER (PARTITION BY window_start ORDER BY `bytes` DESC NULLS LAST) AS `rank`, by_msisdn_src AS msisdn_src, `sessions`, `bytes` FROM grouped) ranked
WHERE `rank` <= 100
ORDER BY 1, 2, 3;

-- enriched
-- sql: query enriched joins the table of subscribers, which no SQL does yet

-- fanout
SET TIME ZONE 'UTC';
CREATE OR REPLACE TEMPORARY VIEW cdr_call USING csv OPTIONS (path 'folder/cdr.call', sep ';', header 'true', recursiveFileLookup 'true', pathGlobFilter '*.csv*');
WITH records AS (
  SELECT msisdn_src, msisdn_dst, direction, CAST(start_ts_ms AS BIGINT) AS start_ts_ms
  FROM (SELECT msisdn_src, msisdn_dst, direction, start_ts_ms FROM cdr_call) tables
), chosen AS (
  SELECT *, msisdn_src AS by_msisdn_src
  FROM records
  WHERE direction IN ('MO')
), placed AS (
  SELECT *, start_ts_ms DIV 3600000 * 3600000 AS window_start
  FROM chosen
), grouped AS (
  SELECT window_start, window_start + 3600000 AS window_end, by_msisdn_src,
    count(*) AS `calls`,
    count(DISTINCT msisdn_dst) AS `parties`
  FROM placed
  GROUP BY window_start, by_msisdn_src
)
SELECT window_start, window_end, by_msisdn_src AS msisdn_src, `calls`, `parties`
FROM grouped
ORDER BY 1, 2, 3;

-- hot_cells
SET TIME ZONE 'UTC';
CREATE OR REPLACE TEMPORARY VIEW cdr_call USING csv OPTIONS (path 'folder/cdr.call', sep ';', header 'true', recursiveFileLookup 'true', pathGlobFilter '*.csv*');
CREATE OR REPLACE TEMPORARY VIEW cdr_sms USING csv OPTIONS (path 'folder/cdr.sms', sep ';', header 'true', recursiveFileLookup 'true', pathGlobFilter '*.csv*');
CREATE OR REPLACE TEMPORARY VIEW cdr_data USING csv OPTIONS (path 'folder/cdr.data', sep ';', header 'true', recursiveFileLookup 'true', pathGlobFilter '*.csv*');
WITH records AS (
  SELECT CAST(end_ts_ms AS BIGINT) AS end_ts_ms, CAST(cell_id AS BIGINT) AS cell_id
  FROM (SELECT end_ts_ms, cell_id FROM cdr_call UNION ALL SELECT end_ts_ms, cell_id FROM cdr_sms UNION ALL SELECT end_ts_ms, cell_id FROM cdr_data) tables
), chosen AS (
  SELECT *, cell_id AS by_cell_id
  FROM records
), placed AS (
  SELECT *, end_ts_ms DIV 60000 * 60000 - step * 60000 AS window_start
  FROM (SELECT *, explode(sequence(0, 9)) AS step FROM chosen) stepped
), grouped AS (
  SELECT window_start, window_start + 600000 AS window_end, by_cell_id,
    count(*) AS `records`
  FROM placed
  GROUP BY window_start, by_cell_id
)
SELECT * FROM (SELECT window_start, window_end, rank() OVER (PARTITION BY window_start ORDER BY `records` DESC NULLS LAST) AS `rank`, by_cell_id AS cell_id, `records` FROM grouped) ranked
WHERE `rank` <= 10
ORDER BY 1, 2, 3;

-- late
-- query late asks which records are late; say by which rule with --late

-- legs
-- Records have these fields with --fields direction,duration_sec,cell_id,call_id
SET TIME ZONE 'UTC';
CREATE OR REPLACE TEMPORARY VIEW cdr_call USING csv OPTIONS (path 'folder/cdr.call', sep ';', header 'true', recursiveFileLookup 'true', pathGlobFilter '*.csv*');
WITH records AS (
  SELECT direction, CAST(duration_sec AS BIGINT) AS duration_sec, CAST(cell_id AS BIGINT) AS cell_id, call_id
  FROM (SELECT direction, duration_sec, cell_id, call_id FROM cdr_call) tables
), chosen AS (
  SELECT *, call_id AS by_call_id
  FROM records
), grouped AS (
  SELECT 0 AS window_start, 0 AS window_end, by_call_id,
    count(*) AS `legs`,
    max(cell_id) FILTER (WHERE direction IN ('MO')) AS `mo_cell_id`,
    max(cell_id) FILTER (WHERE direction IN ('MT')) AS `mt_cell_id`,
    max(duration_sec) FILTER (WHERE direction IN ('MO')) AS `mo_duration_sec`,
    max(duration_sec) FILTER (WHERE direction IN ('MT')) AS `mt_duration_sec`
  FROM chosen
  GROUP BY by_call_id
)
SELECT window_start, window_end, by_call_id AS call_id, `legs`, `mo_cell_id`, `mt_cell_id`, `mo_duration_sec`, `mt_duration_sec`
FROM grouped
WHERE `legs` = 2
ORDER BY 1, 2, 3;

-- outcomes
SET TIME ZONE 'UTC';
CREATE OR REPLACE TEMPORARY VIEW cdr_call USING csv OPTIONS (path 'folder/cdr.call', sep ';', header 'true', recursiveFileLookup 'true', pathGlobFilter '*.csv*');
WITH records AS (
  SELECT direction, CAST(end_ts_ms AS BIGINT) AS end_ts_ms, CAST(duration_sec AS BIGINT) AS duration_sec, cause_for_record_closing
  FROM (SELECT direction, end_ts_ms, duration_sec, cause_for_record_closing FROM cdr_call) tables
), chosen AS (
  SELECT *, direction AS by_direction, cause_for_record_closing AS by_cause_for_record_closing
  FROM records
), placed AS (
  SELECT *, end_ts_ms DIV 3600000 * 3600000 AS window_start
  FROM chosen
), grouped AS (
  SELECT window_start, window_start + 3600000 AS window_end, by_direction, by_cause_for_record_closing,
    count(*) AS `calls`,
    min(duration_sec) AS `shortest`,
    max(duration_sec) AS `longest`
  FROM placed
  GROUP BY window_start, by_direction, by_cause_for_record_closing
)
SELECT window_start, window_end, by_direction AS direction, by_cause_for_record_closing AS cause_for_record_closing, `calls`, `shortest`, `longest`
FROM grouped
ORDER BY 1, 2, 3, 4;

-- sessions
-- Records have these fields with --fields start_ts_ms,end_ts_ms,duration_sec,data_bytes_in,data_bytes_out,session_id
SET TIME ZONE 'UTC';
CREATE OR REPLACE TEMPORARY VIEW cdr_data USING csv OPTIONS (path 'folder/cdr.data', sep ';', header 'true', recursiveFileLookup 'true', pathGlobFilter '*.csv*');
WITH records AS (
  SELECT CAST(start_ts_ms AS BIGINT) AS start_ts_ms, CAST(end_ts_ms AS BIGINT) AS end_ts_ms, CAST(duration_sec AS BIGINT) AS duration_sec, CAST(data_bytes_in AS BIGINT) AS data_bytes_in, CAST(data_bytes_out AS BIGINT) AS data_bytes_out, session_id
  FROM (SELECT start_ts_ms, end_ts_ms, duration_sec, data_bytes_in, data_bytes_out, session_id FROM cdr_data) tables
), chosen AS (
  SELECT *, session_id AS by_session_id
  FROM records
), grouped AS (
  SELECT 0 AS window_start, 0 AS window_end, by_session_id,
    count(*) AS `parts`,
    min(start_ts_ms) AS `start_ts_ms`,
    max(end_ts_ms) AS `end_ts_ms`,
    sum(duration_sec) AS `duration_sec`,
    sum((data_bytes_in + data_bytes_out)) AS `data_bytes_total`
  FROM chosen
  GROUP BY by_session_id
)
SELECT window_start, window_end, by_session_id AS session_id, `parts`, `start_ts_ms`, `end_ts_ms`, `duration_sec`, `data_bytes_total`
FROM grouped
ORDER BY 1, 2, 3;

-- unique
-- Records have these fields with --fields end_ts_ms,duration_sec,record_id
SET TIME ZONE 'UTC';
CREATE OR REPLACE TEMPORARY VIEW cdr_call USING csv OPTIONS (path 'folder/cdr.call', sep ';', header 'true', recursiveFileLookup 'true', pathGlobFilter '*.csv*');
CREATE OR REPLACE TEMPORARY VIEW cdr_sms USING csv OPTIONS (path 'folder/cdr.sms', sep ';', header 'true', recursiveFileLookup 'true', pathGlobFilter '*.csv*');
CREATE OR REPLACE TEMPORARY VIEW cdr_data USING csv OPTIONS (path 'folder/cdr.data', sep ';', header 'true', recursiveFileLookup 'true', pathGlobFilter '*.csv*');
WITH records AS (
  SELECT CAST(end_ts_ms AS BIGINT) AS end_ts_ms, CAST(duration_sec AS BIGINT) AS duration_sec, record_id
  FROM (SELECT end_ts_ms, duration_sec, record_id FROM cdr_call UNION ALL SELECT end_ts_ms, duration_sec, record_id FROM cdr_sms UNION ALL SELECT end_ts_ms, duration_sec, record_id FROM cdr_data) tables
), chosen AS (
  SELECT *, record_id AS by_record_id
  FROM records
), grouped AS (
  SELECT 0 AS window_start, 0 AS window_end, by_record_id,
    max(end_ts_ms) AS `end_ts_ms`,
    max(duration_sec) AS `duration_sec`
  FROM chosen
  GROUP BY by_record_id
)
SELECT window_start, window_end, by_record_id AS record_id, `end_ts_ms`, `duration_sec`
FROM grouped
ORDER BY 1, 2, 3;

-- usage
SET TIME ZONE 'UTC';
CREATE OR REPLACE TEMPORARY VIEW cdr_data USING csv OPTIONS (path 'folder/cdr.data', sep ';', header 'true', recursiveFileLookup 'true', pathGlobFilter '*.csv*');
WITH records AS (
  SELECT msisdn_src, CAST(end_ts_ms AS BIGINT) AS end_ts_ms, CAST(data_bytes_in AS BIGINT) AS data_bytes_in, CAST(data_bytes_out AS BIGINT) AS data_bytes_out
  FROM (SELECT msisdn_src, end_ts_ms, data_bytes_in, data_bytes_out FROM cdr_data) tables
), chosen AS (
  SELECT *, msisdn_src AS by_msisdn_src
  FROM records
), placed AS (
  SELECT *, end_ts_ms DIV 3600000 * 3600000 AS window_start
  FROM chosen
), grouped AS (
  SELECT window_start, window_start + 3600000 AS window_end, by_msisdn_src,
    count(*) AS `sessions`,
    sum((data_bytes_in + data_bytes_out)) AS `bytes`
  FROM placed
  GROUP BY window_start, by_msisdn_src
)
SELECT window_start, window_end, by_msisdn_src AS msisdn_src, `sessions`, `bytes`
FROM grouped
ORDER BY 1, 2, 3;

