// Readers of Avro and JSON for Java, called as a consumer's deserializer is: each message by itself.
//
// Run as java -cp 'JARS/*' ReadFrames.java BROKERS REGISTRY TASKS; fault_readers/tasks.py says what TASKS holds and what
// is printed. The registry is asked as Confluent's clients ask it.

import com.fasterxml.jackson.databind.ObjectMapper;
import io.apicurio.registry.serde.avro.AvroKafkaDeserializer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public class ReadFrames {
    private interface Reader {
        Object read(ConsumerRecord<byte[], byte[]> message) throws Exception;
    }

    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Map<Integer, Schema> SCHEMAS = new HashMap<>();
    private static String registry;

    private static String get(String path) throws Exception {
        HttpResponse<String> answer = CLIENT.send(
                HttpRequest.newBuilder(URI.create(registry + path)).build(), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200)
            throw new IllegalStateException("the registry answers " + answer.statusCode());
        return MAPPER.readTree(answer.body()).get("schema").asText();
    }

    private static Schema schema(int id) throws Exception {
        if (!SCHEMAS.containsKey(id))
            SCHEMAS.put(id, new Schema.Parser().parse(get("/schemas/ids/" + id)));
        return SCHEMAS.get(id);
    }

    /** What is in the frame, with READER's schema or the writer's own. */
    private static Object datum(byte[] value, Schema reader) throws Exception {
        if (value == null)
            return null;
        ByteBuffer frame = ByteBuffer.wrap(value);
        if (frame.get() != 0)
            throw new IllegalStateException("the first byte is not 0");
        Schema writer = schema(frame.getInt());
        return new GenericDatumReader<Object>(writer, reader == null ? writer : reader)
                .read(null, DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, null));
    }

    private static Map<String, Reader> readers(String format, String topic) throws Exception {
        Map<String, Reader> readers = new HashMap<>();
        if (format.equals("json")) {
            readers.put("jackson", message -> message.value() == null ? null : MAPPER.readTree(message.value()));
            return readers;
        }
        AvroKafkaDeserializer<Object> apicurio = new AvroKafkaDeserializer<>();
        apicurio.configure(Map.of("apicurio.registry.url", registry.replaceFirst("/apis/.*", "/apis/registry/v2"),
                "apicurio.registry.id-handler", "io.apicurio.registry.serde.Legacy4ByteIdHandler",
                "apicurio.registry.use-id", "contentId"), false);
        Schema own = new Schema.Parser().parse(get("/subjects/" + topic + "-value/versions/latest"));
        readers.put("avro-java", message -> datum(message.value(), null));
        readers.put("avro-java-reader", message -> datum(message.value(), own));
        readers.put("apicurio", message -> apicurio.deserialize(message.topic(), message.headers(), message.value()));
        return readers;
    }

    private static String oneLine(Object object) {
        return String.valueOf(object).replaceAll("[\\s\\p{Cntrl}]+", " ");
    }

    private static void read(String name, Reader reader, String kind, ConsumerRecord<byte[], byte[]> message) {
        String outcome, words;
        try {
            Object value = reader.read(message);
            outcome = value == null ? "null" : "value";
            words = oneLine(value);
        } catch (Exception | StackOverflowError | OutOfMemoryError failure) {
            outcome = "throws";
            words = oneLine(failure);
        }
        System.out.println(String.join("\t", name, kind, Long.toString(message.offset()), outcome, words));
    }

    public static void main(String[] arguments) throws Exception {
        registry = arguments[1];
        Map<String, Object> settings = Map.of("bootstrap.servers", arguments[0], "enable.auto.commit", "false",
                "auto.offset.reset", "earliest", "max.partition.fetch.bytes", 20000000);
        for (String line : Files.readAllLines(Path.of(arguments[2]))) {
            String[] task = line.split("\t", -1);
            TopicPartition log = new TopicPartition(task[2], 0);
            Map<String, Reader> readers = readers(task[0], task[2]);
            try (KafkaConsumer<byte[], byte[]> consumer =
                         new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
                consumer.assign(List.of(log));
                consumer.seekToBeginning(List.of(log));
                long end = consumer.endOffsets(List.of(log)).get(log);
                while (consumer.position(log) < end)
                    for (ConsumerRecord<byte[], byte[]> message : consumer.poll(Duration.ofSeconds(1)))
                        readers.forEach((name, reader) -> read(name, reader, task[0] + "/" + task[1], message));
            }
        }
    }
}
