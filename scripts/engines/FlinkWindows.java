// A windowed job in Flink's SQL, as people write it: answered outgoing calls of each cell and their seconds, every five minutes
// by end, from a topic of JSON into another, which `cdrgen judge cell_load` reads.
//
//   java … FlinkWindows.java BROKERS FROM TO ALLOWED_MIN PARALLELISM [TIME]
//
// ALLOWED_MIN: what the watermark allows, in minutes. TIME: the field that is taken for the time (end_ts_ms). The job ends where the
// topic does. Its watermark follows each record, so that late ones are dropped however fast it reads.

import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

public class FlinkWindows {
    public static void main(String[] arguments) throws Exception {
        String brokers = arguments[0], from = arguments[1], to = arguments[2], allowed = arguments[3];
        String time = arguments.length > 5 ? arguments[5] : "end_ts_ms";
        Configuration configuration = new Configuration();
        configuration.setString("parallelism.default", arguments[4]);
        configuration.setString("table.exec.source.idle-timeout", "0 s");
        TableEnvironment tables = TableEnvironment.create(
                EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(configuration).build());
        tables.getConfig().set("table.local-time-zone", "UTC");
        tables.executeSql("CREATE TEMPORARY TABLE calls (direction STRING, start_ts_ms BIGINT, end_ts_ms BIGINT, "
                + "duration_sec BIGINT, cell_id BIGINT, cause_for_record_closing STRING, "
                + "ts AS TO_TIMESTAMP_LTZ(" + time + ", 3), WATERMARK FOR ts AS ts - INTERVAL '" + allowed + "' MINUTE) WITH ("
                + "'connector' = 'kafka', 'topic' = '" + from + "', 'properties.bootstrap.servers' = '" + brokers + "', "
                + "'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', "
                + "'scan.watermark.emit.strategy' = 'on-event', 'format' = 'json')");
        tables.executeSql("CREATE TEMPORARY TABLE load (window_start BIGINT, cell_id BIGINT, calls BIGINT, seconds BIGINT) WITH ("
                + "'connector' = 'kafka', 'topic' = '" + to + "', 'properties.bootstrap.servers' = '" + brokers + "', "
                + "'format' = 'json')");
        tables.executeSql("INSERT INTO load SELECT 1000 * UNIX_TIMESTAMP(DATE_FORMAT(window_start, 'yyyy-MM-dd HH:mm:ss')), cell_id, "
                + "COUNT(*), SUM(duration_sec) FROM TABLE(TUMBLE(TABLE calls, DESCRIPTOR(ts), INTERVAL '5' MINUTE)) "
                + "WHERE direction = 'MO' AND cause_for_record_closing IN ('normalRelease', 'abnormalRelease') "
                + "GROUP BY window_start, window_end, cell_id").await();
    }
}
