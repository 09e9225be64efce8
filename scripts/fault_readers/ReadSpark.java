// Spark's own formats: from_avro behind the five bytes of the frame, and from_json.
//
// Run as ReadFrames.java is. A query reads a whole topic; where that fails, another query reads each message of the task.

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.from_json;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

public class ReadSpark {
    private static String oneLine(Object object) {
        return String.valueOf(object).replaceAll("[\\s\\p{Cntrl}]+", " ");
    }

    private static void print(String name, String kind, Object offset, String outcome, Object words) {
        System.out.println(String.join("\t", name, kind, offset.toString(), outcome, oneLine(words)));
    }

    private static String outcome(Row row) {
        if (row.isNullAt(1))
            return "null";
        Row record = row.getStruct(1);
        for (int i = 0; i < record.size(); i++)
            if (!record.isNullAt(i))
                return "value";
        return "nulls";
    }

    private static void printRows(String name, String kind, Dataset<Row> rows) {
        for (Row row : rows.collectAsList())
            print(name, kind, row.get(0), outcome(row), row.get(1));
    }

    private static Object cause(Throwable failure) {
        while (failure.getCause() != null)
            failure = failure.getCause();
        return failure;
    }

    private static void read(String name, String[] task, Dataset<Row> messages, Column value) {
        String kind = task[0] + "/" + task[1];
        Dataset<Row> rows = messages.select(col("offset"), value.as("record"));
        try {
            printRows(name, kind, rows);
            return;
        } catch (Exception failure) {
            print(name, kind, "all", "throws", cause(failure));
        }
        for (String offset : task[3].split(",")) {
            try {
                printRows(name, kind, rows.where(col("offset").equalTo(Long.parseLong(offset))));
            } catch (Exception failure) {
                print(name, kind, offset, "throws", cause(failure));
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        SparkSession spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "1").getOrCreate();
        spark.sparkContext().setLogLevel("OFF");
        String schema = Files.readString(Path.of(arguments[3]));
        StructType fields = (StructType) org.apache.spark.sql.avro.SchemaConverters.toSqlType(
                new org.apache.avro.Schema.Parser().parse(schema.replace(", \"logicalType\": \"timestamp-millis\"", ""))).dataType();
        for (String line : Files.readAllLines(Path.of(arguments[2]))) {
            String[] task = line.split("\t", -1);
            Dataset<Row> messages = spark.read().format("kafka").option("kafka.bootstrap.servers", arguments[0])
                    .option("subscribe", task[2]).load().cache();
            for (String mode : new String[] {"PERMISSIVE", "FAILFAST"}) {
                Map<String, String> options = Map.of("mode", mode);
                String name = "spark-" + mode.toLowerCase();
                if (task[0].equals("json"))
                    read(name, task, messages, from_json(col("value").cast("string"), fields, options));
                else
                    read(name, task, messages, org.apache.spark.sql.avro.functions.from_avro(
                            expr("substring(value, 6, length(value) - 5)"), schema, options));
            }
            messages.unpersist();
        }
        spark.stop();
    }
}
