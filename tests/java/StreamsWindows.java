import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.Stores;

/**
 * Kafka Streams over the calls of a folder of CSV files: answered outgoing calls of each subscriber and their seconds, in windows
 * of five minutes by end, or in sessions with a gap, with a grace. Each partition is a driver of its own, as it is a task of its own in a job that groups by
 * the key of the messages.
 *
 * <pre>java -cp 'jars/*' StreamsWindows.java FOLDER GRACE_MS OUT [GAP_MS]</pre>
 *
 * OUT becomes CSV as `cdrgen judge` reads it; the last line of standard output says how many records were dropped as late.
 */
public final class StreamsWindows {
    private static final long SIZE_MS = 300_000;

    private static String sum(String one, String other) {
        String[] a = one.split(","), b = other.split(",");
        return (Long.parseLong(a[0]) + Long.parseLong(b[0])) + "," + (Long.parseLong(a[1]) + Long.parseLong(b[1]));
    }

    private static String add(String sums, String line) {
        return sum(sums, "1," + line.split(";", -1)[8]);
    }

    private static KTable<Windowed<String>, String> sums(KGroupedStream<String, String> calls, long graceMs, long gapMs) {
        Duration grace = Duration.ofMillis(graceMs);
        if (gapMs > 0)
            return calls.windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofMillis(gapMs), grace))
                    .aggregate(() -> "0,0", (key, line, sums) -> add(sums, line), (key, one, other) -> sum(one, other),
                            Materialized.<String, String>as(Stores.inMemorySessionStore("sums", Duration.ofDays(3)))
                                    .withKeySerde(Serdes.String()).withValueSerde(Serdes.String()));
        return calls.windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMillis(SIZE_MS), grace))
                .aggregate(() -> "0,0", (key, line, sums) -> add(sums, line),
                        Materialized.<String, String>as(Stores.inMemoryWindowStore("sums", Duration.ofMillis(SIZE_MS + graceMs),
                                Duration.ofMillis(SIZE_MS), false)).withKeySerde(Serdes.String()).withValueSerde(Serdes.String()));
    }

    private static Topology topology(long graceMs, long gapMs) {
        StreamsBuilder builder = new StreamsBuilder();
        KGroupedStream<String, String> calls = builder.stream("calls", Consumed.with(Serdes.String(), Serdes.String()))
                .filter((key, line) -> {
                    String[] fields = line.split(";", -1);
                    return fields[3].equals("MO") && (fields[14].equals("normalRelease") || fields[14].equals("abnormalRelease"));
                })
                .groupByKey(Grouped.with(Serdes.String(), Serdes.String()));
        sums(calls, graceMs, gapMs).toStream()
                .map((window, sum) -> KeyValue.pair(window.window().start() + "," + window.key(), sum))
                .to("windows");
        return builder.build();
    }

    private static List<Path> parts(Path folder, String partition) throws IOException {
        List<Path> found = new ArrayList<>();
        try (Stream<Path> all = Files.walk(folder.resolve("cdr.call"))) {
            all.filter(path -> path.getFileName().toString().startsWith("part-" + partition + "-")).sorted().forEach(found::add);
        }
        return found;
    }

    private static double drive(Path folder, String partition, long graceMs, long gapMs, Map<String, String> windows)
            throws IOException {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "windows-" + partition);
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
        properties.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        properties.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        properties.put(StreamsConfig.STATE_DIR_CONFIG, Files.createTempDirectory("streams").toString());
        try (TopologyTestDriver driver = new TopologyTestDriver(topology(graceMs, gapMs), properties)) {
            TestInputTopic<String, String> in =
                    driver.createInputTopic("calls", new StringSerializer(), new StringSerializer());
            TestOutputTopic<String, String> out =
                    driver.createOutputTopic("windows", new StringDeserializer(), new StringDeserializer());
            for (Path part : parts(folder, partition)) {
                List<String> lines = Files.readAllLines(part);
                for (String line : lines.subList(1, lines.size())) {
                    String[] fields = line.split(";", -1);
                    in.pipeInput(fields[fields[3].equals("MO") ? 1 : 2], line, Long.parseLong(fields[5]));
                    out.readKeyValuesToList().forEach(row -> {
                        if (row.value == null) // a session that has become part of another
                            windows.remove(row.key);
                        else
                            windows.put(row.key, row.value);
                    });
                }
            }
            return driver.metrics().entrySet().stream()
                    .filter(metric -> metric.getKey().name().equals("dropped-records-total"))
                    .mapToDouble(metric -> ((Number) metric.getValue().metricValue()).doubleValue()).sum();
        }
    }

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        Map<String, String> windows = new TreeMap<>();
        double dropped = 0;
        try (Stream<Path> all = Files.walk(folder.resolve("cdr.call"))) {
            for (String partition : all.map(path -> path.getFileName().toString()).filter(name -> name.startsWith("part-"))
                    .map(name -> name.split("-")[1]).distinct().sorted().toList()) {
                dropped += drive(folder, partition, Long.parseLong(arguments[1]),
                        arguments.length > 3 ? Long.parseLong(arguments[3]) : 0, windows);
            }
        }
        try (PrintStream out = new PrintStream(arguments[2])) {
            out.println("window_start,msisdn_src,calls,seconds");
            windows.forEach((key, sums) -> out.println(key + "," + sums));
        }
        System.out.printf("%.0f%n", dropped);
    }
}
