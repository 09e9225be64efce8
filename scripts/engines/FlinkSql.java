// Runs files of SQL with Flink, as `cdrgen expect --sql flink` prints them, but to the end of the topics, and writes the rows of the
// last statement of FILE to FILE.csv, with a header line. Its watermark follows each record.
//
//   java … FlinkSql.java FILE…

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.CloseableIterator;

public class FlinkSql {
    public static void main(String[] arguments) throws Exception {
        for (String file : arguments)
            run(file);
    }

    private static void run(String file) throws Exception {
        Configuration configuration = new Configuration();
        configuration.setString("parallelism.default", "1");
        configuration.setString("table.exec.source.idle-timeout", "0 s");
        TableEnvironment tables = TableEnvironment.create(
                EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(configuration).build());
        TableResult last = null;
        for (String statement : Files.readString(Path.of(file)).strip().split(";\\s*\n|;$")) {
            String code = statement.replaceAll("(?m)^--.*\n", "").strip();
            if (code.startsWith("SET ")) {
                String[] parts = code.substring(4).split("'");
                tables.getConfig().set(parts[1], parts[3]);
                continue;
            }
            last = tables.executeSql(code.replace("'format' = 'json'", "'format' = 'json', 'scan.bounded.mode' = 'latest-offset', "
                    + "'scan.watermark.emit.strategy' = 'on-event'"));
        }
        Map<String, Integer> rows = new LinkedHashMap<>();
        try (CloseableIterator<Row> all = last.collect()) {
            while (all.hasNext()) {
                Row row = all.next();
                StringBuilder line = new StringBuilder();
                for (int i = 0; i < row.getArity(); i++)
                    line.append(i == 0 ? "" : ",").append(row.getField(i) == null ? "" : row.getField(i));
                boolean added = row.getKind() == RowKind.INSERT || row.getKind() == RowKind.UPDATE_AFTER;
                rows.merge(line.toString(), added ? 1 : -1, Integer::sum);
            }
        }
        try (PrintWriter out = new PrintWriter(file + ".csv")) {
            out.println(String.join(",", last.getResolvedSchema().getColumnNames()));
            rows.forEach((line, count) -> {
                for (int i = 0; i < count; i++)
                    out.println(line);
            });
        }
    }
}
