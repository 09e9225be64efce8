// Runs files of SQL with Spark, as `cdrgen expect --sql spark` prints them, and writes the rows of the last statement of FILE to
// FILE.csv, with a header line.
//
//   java … SparkSql.java FILE…

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

public class SparkSql {
    public static void main(String[] arguments) throws Exception {
        SparkSession spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "2").getOrCreate();
        for (String file : arguments)
            run(spark, file);
        spark.stop();
    }

    private static void run(SparkSession spark, String file) throws Exception {
        Dataset<Row> last = null;
        for (String statement : Files.readString(Path.of(file)).strip().split(";\\s*\n|;$"))
            last = spark.sql(statement);
        List<Row> rows = last.collectAsList();
        try (PrintWriter out = new PrintWriter(file + ".csv")) {
            out.println(String.join(",", last.columns()));
            for (Row row : rows) {
                StringBuilder line = new StringBuilder();
                for (int i = 0; i < row.length(); i++)
                    line.append(i == 0 ? "" : ",").append(row.isNullAt(i) ? "" : row.get(i));
                out.println(line);
            }
        }
    }
}
