import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.Stores;

/**
 * Kafka Streams as small as can be: answered outgoing calls of each subscriber and their seconds, every five minutes by their end,
 * with half an hour of grace; from a topic of JSON to a topic of windowed keys, for
 * {@code cdrgen judge examples/subscriber_load.json --as streams --fold upsert --from-topic TO}.
 *
 * <pre>java -cp 'jars/*' SubscriberLoad.java BROKERS FROM TO</pre>
 *
 * It ends when nothing has come for ten seconds, and waits for the first record a minute longer.
 */
public final class SubscriberLoad {
    private static String field(String json, String name) {
        Matcher matcher = Pattern.compile("\"" + name + "\":\"?([^,\"}]*)").matcher(json);
        return matcher.find() ? matcher.group(1) : "";
    }

    public static void main(String[] arguments) throws Exception {
        AtomicLong last = new AtomicLong(System.nanoTime() + 60_000_000_000L);
        Duration size = Duration.ofMinutes(5), grace = Duration.ofMinutes(30);
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(arguments[1], Consumed.with(Serdes.String(), Serdes.String()))
                .peek((key, call) -> last.set(System.nanoTime()))
                .filter((key, call) -> field(call, "direction").equals("MO")
                        && field(call, "cause_for_record_closing").matches("(ab)?normalRelease"))
                .groupByKey(Grouped.with(Serdes.String(), Serdes.String()))
                .windowedBy(TimeWindows.ofSizeAndGrace(size, grace))
                .aggregate(() -> "{\"calls\":0,\"seconds\":0}", (key, call, row) -> String.format("{\"calls\":%d,\"seconds\":%d}",
                        Long.parseLong(field(row, "calls")) + 1,
                        Long.parseLong(field(row, "seconds")) + Long.parseLong(field(call, "duration_sec"))),
                        Materialized.<String, String>as(Stores.inMemoryWindowStore("rows", size.plus(grace), size, false))
                                .withKeySerde(Serdes.String()).withValueSerde(Serdes.String()))
                .toStream()
                .to(arguments[2], Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, size.toMillis()), Serdes.String()));
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[2]);
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        properties.put("auto.offset.reset", "earliest");
        properties.put(StreamsConfig.STATE_DIR_CONFIG, System.getProperty("java.io.tmpdir") + "/" + arguments[2]);
        try (KafkaStreams streams = new KafkaStreams(builder.build(), properties)) {
            streams.setUncaughtExceptionHandler(failure -> {
                failure.printStackTrace();
                return StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
            });
            streams.start();
            while (System.nanoTime() - last.get() < 10_000_000_000L)
                Thread.sleep(200);
        }
    }
}
