// A windowed job in Flink's SQL, as people write it: answered outgoing calls of each cell and their seconds, every five minutes
// by end, from a topic of JSON into another, which `cdrgen judge cell_load` reads.
//
//   java … FlinkWindows.java BROKERS FROM TO ALLOWED_MIN PARALLELISM [NAME=VALUE …]
//     time=FIELD          what is taken for the time (end_ts_ms)
//     sink=KIND           append (rows of JSON, at least once; the default), exactly-once (the same in transactions), upsert
//     checkpoints=FOLDER  the job keeps its state there, every five seconds
//     from=CHECKPOINT     it goes on from one of those
//
// ALLOWED_MIN: what the watermark allows, in minutes. The job ends where the topic does; with checkpoints it waits for more, until
// its standard input ends. Its watermark follows each record, so that late ones are dropped however fast it reads.

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;

public class FlinkWindows {
    public static void main(String[] arguments) throws Exception {
        String brokers = arguments[0], from = arguments[1], to = arguments[2], allowed = arguments[3];
        Map<String, String> options = new HashMap<>(Map.of("time", "end_ts_ms", "sink", "append"));
        for (int i = 5; i < arguments.length; i++)
            options.put(arguments[i].split("=", 2)[0], arguments[i].split("=", 2)[1]);
        String checkpoints = options.get("checkpoints");
        TableEnvironment tables = TableEnvironment.create(EnvironmentSettings.newInstance().inStreamingMode()
                .withConfiguration(configuration(arguments[4], checkpoints, options.get("from"))).build());
        tables.getConfig().set("table.local-time-zone", "UTC");
        tables.executeSql("CREATE TEMPORARY TABLE calls (direction STRING, start_ts_ms BIGINT, end_ts_ms BIGINT, "
                + "duration_sec BIGINT, cell_id BIGINT, cause_for_record_closing STRING, "
                + "ts AS TO_TIMESTAMP_LTZ(" + options.get("time") + ", 3), "
                + "WATERMARK FOR ts AS ts - INTERVAL '" + allowed + "' MINUTE) WITH ("
                + "'connector' = 'kafka', 'topic' = '" + from + "', 'properties.bootstrap.servers' = '" + brokers + "', "
                + "'properties.group.id' = '" + to + "', "
                + "'scan.startup.mode' = 'earliest-offset', " + (checkpoints == null ? "'scan.bounded.mode' = 'latest-offset', " : "")
                + "'scan.watermark.emit.strategy' = 'on-event', 'format' = 'json')");
        tables.executeSql("CREATE TEMPORARY TABLE load (window_start BIGINT, cell_id BIGINT, calls BIGINT, seconds BIGINT"
                + (options.get("sink").equals("upsert") ? ", PRIMARY KEY (window_start, cell_id) NOT ENFORCED" : "") + ") WITH ("
                + sink(options.get("sink"), to) + ", 'topic' = '" + to + "', 'properties.bootstrap.servers' = '" + brokers + "')");
        TableResult job = tables.executeSql(
                "INSERT INTO load SELECT 1000 * UNIX_TIMESTAMP(DATE_FORMAT(window_start, 'yyyy-MM-dd HH:mm:ss')), cell_id, "
                + "COUNT(*), SUM(duration_sec) FROM TABLE(TUMBLE(TABLE calls, DESCRIPTOR(ts), INTERVAL '5' MINUTE)) "
                + "WHERE direction = 'MO' AND cause_for_record_closing IN ('normalRelease', 'abnormalRelease') "
                + "GROUP BY window_start, window_end, cell_id");
        if (checkpoints == null) {
            job.await();
            return;
        }
        while (System.in.read() >= 0)
            continue;
        JobClient client = job.getJobClient().orElseThrow();
        client.stopWithSavepoint(false, checkpoints + "/last", SavepointFormatType.CANONICAL).get();
    }

    private static Configuration configuration(String parallelism, String checkpoints, String from) {
        Configuration configuration = new Configuration();
        configuration.setString("parallelism.default", parallelism);
        configuration.setString("table.exec.source.idle-timeout", "0 s");
        if (checkpoints != null) {
            configuration.setString("execution.checkpointing.interval", "5 s");
            configuration.setString("execution.checkpointing.dir", "file://" + checkpoints);
            configuration.setString("execution.checkpointing.num-retained", "3");
            configuration.setString("execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");
        }
        if (from != null)
            configuration.setString("execution.state-recovery.path", "file://" + from);
        return configuration;
    }

    private static String sink(String kind, String to) {
        if (kind.equals("upsert"))
            return "'connector' = 'upsert-kafka', 'key.format' = 'json', 'value.format' = 'json'";
        String rows = "'connector' = 'kafka', 'format' = 'json'";
        return kind.equals("append") ? rows : rows + ", 'sink.delivery-guarantee' = 'exactly-once', "
                + "'sink.transactional-id-prefix' = '" + to + "', 'properties.transaction.timeout.ms' = '600000'";
    }
}
