// Flink's own formats in a SQL table: avro-confluent, and json without and with ignore-parse-errors.
//
// Run as ReadFrames.java is. A job reads a whole topic; where that fails, a job reads each message of the task.

import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

public class ReadFlink {
    private static final String TEXT = "STRING";
    private static final String[] FIELDS = {"event_type", "msisdn_src", "msisdn_dst", "direction", "start_ts_ms BIGINT",
            "end_ts_ms BIGINT", "tz_name", "tz_offset_min INT", "duration_sec INT", "mccmnc", "imsi", "imei", "cell_id INT",
            "record_type", "cause_for_record_closing"};
    private static TableEnvironment tables;
    private static String brokers, registry, schema;

    private static String oneLine(Object object) {
        return String.valueOf(object).replaceAll("[\\s\\p{Cntrl}]+", " ");
    }

    private static void print(String name, String kind, Object offset, String outcome, Object words) {
        System.out.println(String.join("\t", name, kind, offset.toString(), outcome, oneLine(words)));
    }

    private static Object cause(Throwable failure) {
        while (failure.getCause() != null)
            failure = failure.getCause();
        return failure;
    }

    private static void createTable(String[] task, String format, String from, String to) {
        boolean avro = task[0].equals("avro");
        StringBuilder text = new StringBuilder("CREATE TEMPORARY TABLE records (");
        for (String field : FIELDS) {
            String[] words = field.split(" ");
            String type = words.length < 2 ? TEXT : words[1];
            text.append(words[0]).append(' ').append(avro && words[0].endsWith("_ts_ms") ? "TIMESTAMP(3)" : type)
                    .append(avro ? " NOT NULL, " : ", ");
        }
        text.append("`at` BIGINT METADATA FROM 'offset') WITH ('connector' = 'kafka', 'topic' = '").append(task[2])
                .append("', 'properties.bootstrap.servers' = '").append(brokers)
                .append("', 'properties.max.partition.fetch.bytes' = '20000000', ");
        if (from == null)
            text.append("'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', ");
        else
            text.append("'scan.startup.mode' = 'specific-offsets', 'scan.startup.specific-offsets' = 'partition:0,offset:")
                    .append(from).append("', 'scan.bounded.mode' = 'specific-offsets', 'scan.bounded.specific-offsets' = ")
                    .append("'partition:0,offset:").append(to).append("', ");
        tables.executeSql("DROP TEMPORARY TABLE IF EXISTS records");
        tables.executeSql(text + format + ")");
    }

    private static void printRows(String name, String kind) throws Exception {
        try (CloseableIterator<Row> rows = tables.executeSql("SELECT * FROM records").collect()) {
            while (rows.hasNext()) {
                Row row = rows.next();
                boolean empty = true;
                for (int i = 0; i + 1 < row.getArity(); i++)
                    empty &= row.getField(i) == null;
                print(name, kind, row.getField(FIELDS.length), empty ? "nulls" : "value", row);
            }
        }
    }

    private static void read(String name, String[] task, String format) throws Exception {
        String kind = task[0] + "/" + task[1];
        createTable(task, format, null, null);
        try {
            printRows(name, kind);
            return;
        } catch (Exception failure) {
            print(name, kind, "all", "throws", cause(failure));
        }
        for (String offset : task[3].split(",")) {
            createTable(task, format, offset, Long.toString(Long.parseLong(offset) + 1));
            try {
                printRows(name, kind);
            } catch (Exception failure) {
                print(name, kind, offset, "throws", cause(failure));
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        brokers = arguments[0];
        registry = arguments[1];
        schema = Files.readString(Path.of(arguments[3])).replace("'", "''");
        Configuration configuration = new Configuration();
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
        tables = TableEnvironment.create(
                EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(configuration).build());
        tables.getConfig().set("parallelism.default", "1");
        for (String line : Files.readAllLines(Path.of(arguments[2]))) {
            String[] task = line.split("\t", -1);
            if (task[0].equals("avro")) {
                read("flink", task, "'format' = 'avro-confluent', 'avro-confluent.url' = '" + registry
                        + "', 'avro-confluent.schema' = '" + schema + "'");
                continue;
            }
            read("flink", task, "'format' = 'json'");
            read("flink-ignore", task, "'format' = 'json', 'json.ignore-parse-errors' = 'true'");
        }
    }
}
