/* Runs the statements of a file on a Flink of its own, one after the other; waits for each INSERT, and prints the rows of a SELECT.
 *
 *   java … FlinkStatements.java FILE.sql
 *
 * Statements end with a semicolon at the end of a line. */
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;

public class FlinkStatements {
    public static void main(String[] arguments) throws Exception {
        TableEnvironment tables = TableEnvironment.create(EnvironmentSettings.newInstance().inStreamingMode().build());
        for (String part : Files.readString(Path.of(arguments[0])).split(";[ \t\r]*(\n|$)")) {
            String statement = part.strip();
            String first = statement.split("\\s", 2)[0].toUpperCase(Locale.ROOT);
            if (statement.isEmpty())
                continue;
            if (first.equals("SET")) {
                String[] setting = statement.split("'");
                if (setting.length != 4)
                    throw new IllegalArgumentException("SET 'key' = 'value' is what a setting looks like: " + statement);
                tables.getConfig().set(setting[1], setting[3]);
                continue;
            }
            TableResult result = tables.executeSql(statement);
            if (first.equals("INSERT"))
                result.await();
            else if (first.equals("SELECT"))
                result.print();
        }
    }
}
