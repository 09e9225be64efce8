// What readers on the JVM see: tasks come on standard input, one a line, its words parted by tabs; all are done in one
// run, since a JVM takes longer to start than most of them. The first that fails ends it, with status 1 and one line.
//
//   schema FILE                            strictly parsed: names and defaults are valid
//   refused FILE                           each line is an object with a schema; where refused_by names java, it is not
//                                          parsed
//   readable FILE                          SchemaCompatibility finds that the schema can read what it wrote
//   records SCHEMA CODEC FILE OUT          every record of an object container file, as a line of JSON in OUT; the
//                                          header has SCHEMA's text and CODEC; written again, by Java, each block is
//                                          the same bytes, with plain values and with those of java.time and java.math
//   splits FILE                            byte ranges, as MapReduce and Spark read them: all ranges together have
//                                          every record once and in order; the file has several blocks
//   torn FILE                              a file that ends early gives the records of its whole blocks, and no more; so
//                                          does one whose sync marker is damaged, then an exception
//   datums ID WRITER READER FILE OUT       messages of a topic (each behind its length, four bytes): Confluent's
//                                          frame with ID, then a datum of WRITER; read with READER's schema into OUT
//
// Lines of JSON name what JSON has no word for: {"bytes": "hex"}, {"fixed": "hex"}, {"double": "1.5"} (float, too), and
// with a logical type {"timestamp-millis": 123}, {"decimal": "hex", "scale": 2}. Values are as Avro has them, before any
// conversion: tests/java/java_records.py makes Python's of them.
//
// Run as java -cp 'JARS/*' ReadAvro.java.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Conversions;
import org.apache.avro.LogicalTypes;
import org.apache.avro.NameValidator;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.file.SeekableByteArrayInput;
import org.apache.avro.file.SeekableFileInput;
import org.apache.avro.file.SeekableInput;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;

public class ReadAvro {
    private static final int SYNC_BYTES = 16;
    private static final GenericData PLAIN = new GenericData();
    private static final GenericData CONVERTED = new GenericData();

    static {
        CONVERTED.addLogicalTypeConversion(new Conversions.DecimalConversion());
        CONVERTED.addLogicalTypeConversion(new Conversions.UUIDConversion());
        CONVERTED.addLogicalTypeConversion(new TimeConversions.DateConversion());
        CONVERTED.addLogicalTypeConversion(new TimeConversions.TimeMillisConversion());
        CONVERTED.addLogicalTypeConversion(new TimeConversions.TimeMicrosConversion());
        CONVERTED.addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
        CONVERTED.addLogicalTypeConversion(new TimeConversions.TimestampMicrosConversion());
        CONVERTED.addLogicalTypeConversion(new TimeConversions.LocalTimestampMillisConversion());
        CONVERTED.addLogicalTypeConversion(new TimeConversions.LocalTimestampMicrosConversion());
    }

    /** A test that failed; all else that is thrown is a failure as well, with a trace. */
    private static final class Failure extends RuntimeException {
        Failure(String words) {
            super(words);
        }
    }

    private static void require(boolean holds, String words) {
        if (!holds)
            throw new Failure(words);
    }

    /** Keeps the order of a map's entries, so that they can be written as they were read. */
    private static final class OrderedReader extends GenericDatumReader<GenericRecord> {
        OrderedReader(Schema writer, Schema reader, GenericData data) {
            super(writer, reader, data);
        }

        @Override
        protected Object newMap(Object old, int size) {
            return new LinkedHashMap<Object, Object>(size);
        }
    }

    // ---- schemas -----------------------------------------------------------------------------------------------------

    private static Schema parse(String path) throws IOException {
        return new Schema.Parser(NameValidator.STRICT_VALIDATOR).setValidateDefaults(true).parse(Files.readString(Path.of(path)));
    }

    private static void refused(String path) throws IOException {
        for (String line : Files.readAllLines(Path.of(path))) {
            JsonNode entry = new ObjectMapper().readTree(line);
            if (!entry.get("refused_by").asText().contains("java"))
                continue;
            boolean taken = true;
            try {
                new Schema.Parser().parse(entry.get("schema").toString());
            } catch (RuntimeException refusal) {
                taken = false;
            }
            require(!taken, "Java takes the schema " + entry.get("name").asText());
        }
    }

    private static void schema(String path) throws IOException {
        Schema schema = parse(path);
        // What Java prints of it is the same schema, with the same defaults and logical types.
        require(new Schema.Parser().parse(schema.toString()).equals(schema), path + " is another schema when printed");
    }

    private static void requireReadable(String readerPath, String writerPath) throws IOException {
        SchemaCompatibility.SchemaPairCompatibility pair =
                SchemaCompatibility.checkReaderWriterCompatibility(parse(readerPath), parse(writerPath));
        require(pair.getType() == SchemaCompatibilityType.COMPATIBLE,
                readerPath + " cannot read " + writerPath + ": " + pair.getDescription());
    }

    // ---- JSON --------------------------------------------------------------------------------------------------------

    private static void appendText(StringBuilder out, CharSequence text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\')
                out.append('\\').append(c);
            else if (c < ' ' || c > '~')
                out.append(String.format("\\u%04x", (int) c));
            else
                out.append(c);
        }
        out.append('"');
    }

    private static byte[] bytesOf(Object value) {
        if (value instanceof GenericFixed)
            return ((GenericFixed) value).bytes();
        ByteBuffer buffer = ((ByteBuffer) value).duplicate();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static void appendTagged(StringBuilder out, String tag, Object value) {
        out.append("{\"").append(tag).append("\": ").append(value).append('}');
    }

    private static void appendHex(StringBuilder out, Schema schema, Object value) {
        String hex = "\"" + HexFormat.of().formatHex(bytesOf(value)) + "\"";
        if (schema.getLogicalType() instanceof LogicalTypes.Decimal)
            hex += ", \"scale\": " + ((LogicalTypes.Decimal) schema.getLogicalType()).getScale();
        appendTagged(out, schema.getLogicalType() != null ? schema.getLogicalType().getName() : schema.getName(), hex);
    }

    private static void appendEntries(StringBuilder out, Map<?, ?> map, Schema values) {
        String separator = "{\"map\": {";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            appendText(out.append(separator), entry.getKey().toString());
            append(out.append(": "), values, entry.getValue());
            separator = ", ";
        }
        out.append(map.isEmpty() ? "{\"map\": {}}" : "}}");
    }

    private static void appendItems(StringBuilder out, Collection<?> items, Schema type) {
        String separator = "";
        out.append('[');
        for (Object item : items) {
            append(out.append(separator), type, item);
            separator = ", ";
        }
        out.append(']');
    }

    private static void appendFields(StringBuilder out, IndexedRecord record) {
        String separator = "{\"record\": {";
        for (Schema.Field field : record.getSchema().getFields()) {
            appendText(out.append(separator), field.name());
            append(out.append(": "), field.schema(), record.get(field.pos()));
            separator = ", ";
        }
        out.append("}}");
    }

    private static void append(StringBuilder out, Schema schema, Object value) {
        switch (schema.getType()) {
            case UNION -> append(out, schema.getTypes().get(PLAIN.resolveUnion(schema, value)), value);
            case RECORD -> appendFields(out, (IndexedRecord) value);
            case ARRAY -> appendItems(out, (Collection<?>) value, schema.getElementType());
            case MAP -> appendEntries(out, (Map<?, ?>) value, schema.getValueType());
            case BYTES -> appendHex(out, schema, value);
            case FIXED -> {
                if (schema.getLogicalType() != null)
                    appendHex(out, schema, value);
                else
                    appendTagged(out, "fixed", "\"" + HexFormat.of().formatHex(bytesOf(value)) + "\"");
            }
            case FLOAT, DOUBLE -> appendTagged(out, "double", "\"" + value + "\"");
            case INT, LONG -> {
                if (schema.getLogicalType() != null)
                    appendTagged(out, schema.getLogicalType().getName(), value);
                else
                    out.append(value);
            }
            case STRING -> {
                StringBuilder text = new StringBuilder();
                appendText(text, value.toString());
                if (schema.getLogicalType() != null)
                    appendTagged(out, schema.getLogicalType().getName(), text);
                else
                    out.append(text);
            }
            case ENUM -> appendText(out, value.toString());
            case NULL, BOOLEAN -> out.append(value);
        }
    }

    private static void printLine(PrintWriter out, GenericRecord record) {
        StringBuilder line = new StringBuilder();
        appendFields(line, record);
        out.println(line);
    }

    // ---- records -----------------------------------------------------------------------------------------------------

    private static DataFileReader<GenericRecord> open(SeekableInput input) throws IOException {
        return new DataFileReader<>(input, new OrderedReader(null, null, PLAIN));
    }

    private static byte[] write(Schema schema, GenericData data, List<GenericRecord> records) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        GenericDatumWriter<GenericRecord> writer = new GenericDatumWriter<>(schema, data);
        for (GenericRecord record : records)
            writer.write(record, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }

    /** The records of one block, or of one datum; nothing may be left over. */
    private static List<GenericRecord> read(OrderedReader reader, byte[] bytes, int start, long count) throws IOException {
        BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(bytes, start, bytes.length - start, null);
        List<GenericRecord> records = new ArrayList<>();
        for (long i = 0; i < count; i++)
            records.add(reader.read(null, decoder));
        require(decoder.isEnd(), "bytes are left over behind " + count + " record(s)");
        return records;
    }

    private static void sameWhenWritten(String path) throws IOException {
        try (DataFileReader<GenericRecord> blocks = open(new SeekableFileInput(new File(path)))) {
            Schema schema = blocks.getSchema();
            while (blocks.hasNext()) {
                byte[] block = bytesOf(blocks.nextBlock());
                for (GenericData data : List.of(PLAIN, CONVERTED)) {
                    OrderedReader reader = new OrderedReader(schema, schema, data);
                    byte[] again = write(schema, data, read(reader, block, 0, blocks.getBlockCount()));
                    require(Arrays.equals(block, again), path + ": Java writes a block's records as other bytes" +
                            (data == CONVERTED ? " after converting logical types" : ""));
                }
            }
        }
    }

    private static void records(String schema, String codec, String path, String out) throws IOException {
        try (DataFileReader<GenericRecord> reader = open(new SeekableFileInput(new File(path)));
                PrintWriter lines = new PrintWriter(out, StandardCharsets.US_ASCII)) {
            require(Files.readString(Path.of(schema)).equals(reader.getMetaString("avro.schema")),
                    path + ": the header does not hold " + schema);
            require(codec.equals(reader.getMetaString("avro.codec")), path + ": the codec is not " + codec);
            require(reader.getSchema().equals(parse(schema)), path + ": the header's schema is parsed to another one");
            for (GenericRecord record : reader)
                printLine(lines, record);
            require(!lines.checkError(), "cannot write " + out);
        }
        sameWhenWritten(path);
    }

    // ---- splits ------------------------------------------------------------------------------------------------------

    private static List<GenericRecord> readRange(DataFileReader<GenericRecord> reader, long start, long end) throws IOException {
        List<GenericRecord> records = new ArrayList<>();
        reader.sync(start);
        while (reader.hasNext() && !reader.pastSync(end))
            records.add(reader.next());
        return records;
    }

    /** Positions of the ends of the blocks, each behind its sync marker; the first one is the header's. */
    private static List<Long> blockEnds(byte[] content) throws IOException {
        List<Long> ends = new ArrayList<>();
        try (DataFileReader<GenericRecord> reader = open(new SeekableByteArrayInput(content))) {
            ends.add(reader.previousSync());
            while (reader.hasNext()) {
                reader.nextBlock();
                ends.add(reader.previousSync());
            }
        }
        return ends;
    }

    private static void requireRanges(byte[] content, List<GenericRecord> all, String path, long... bounds) throws IOException {
        List<GenericRecord> joined = new ArrayList<>();
        for (int i = 0; i + 1 < bounds.length; i++) {
            try (DataFileReader<GenericRecord> reader = open(new SeekableByteArrayInput(content))) {
                joined.addAll(readRange(reader, bounds[i], bounds[i + 1]));
            }
        }
        require(joined.equals(all), path + ": ranges at " + Arrays.toString(bounds) + " have " + joined.size() +
                " records, not the " + all.size() + " of the whole file in their order");
    }

    private static List<GenericRecord> all(byte[] content) throws IOException {
        List<GenericRecord> records = new ArrayList<>();
        try (DataFileReader<GenericRecord> reader = open(new SeekableByteArrayInput(content))) {
            reader.forEach(records::add);
        }
        return records;
    }

    private static void splits(String path) throws IOException {
        byte[] content = Files.readAllBytes(Path.of(path));
        List<GenericRecord> all = all(content);
        List<Long> ends = blockEnds(content);
        require(ends.size() > 5, path + " has only " + (ends.size() - 1) + " blocks");
        require(ends.get(ends.size() - 1) == content.length, path + " does not end with a block");
        for (int parts : new int[] {1, 2, 3, 7, 64}) {
            long[] bounds = new long[parts + 1];
            for (int i = 0; i <= parts; i++)
                bounds[i] = (long) content.length * i / parts;
            requireRanges(content, all, path, bounds);
        }
        // Two ranges that meet anywhere around the first sync markers, or the last one.
        for (long end : List.of(ends.get(0), ends.get(1), ends.get(2), ends.get(ends.size() - 1)))
            for (long middle = end - SYNC_BYTES - 2; middle < Math.min(end + 3, content.length); middle++)
                requireRanges(content, all, path, 0, middle, content.length);
    }

    // ---- files that end early ----------------------------------------------------------------------------------------

    /** The records of the blocks before a damage, and none of the block that is not whole. */
    private static void requireBefore(byte[] damaged, List<GenericRecord> wanted, boolean thrown, String what) throws IOException {
        List<GenericRecord> found = new ArrayList<>();
        AvroRuntimeException exception = null;
        try (DataFileReader<GenericRecord> reader = open(new SeekableByteArrayInput(damaged))) {
            while (reader.hasNext())
                found.add(reader.next());
        } catch (AvroRuntimeException e) {
            exception = e;
        }
        require((exception != null) == thrown, what + (thrown ? " is not noticed" : ": " + exception));
        require(found.equals(wanted), what + ": " + found.size() + " records, not the " + wanted.size() + " before it");
    }

    private static void torn(String path) throws IOException {
        byte[] content = Files.readAllBytes(Path.of(path));
        List<Long> ends = blockEnds(content);
        int last = ends.size() - 1;
        require(last >= 3, path + " has only " + last + " blocks");
        for (int block : new int[] {1, 2, last}) {
            int start = Math.toIntExact(ends.get(block - 1)), end = Math.toIntExact(ends.get(block));
            List<GenericRecord> before = all(Arrays.copyOf(content, start));
            // Java takes a file that ends within a block for one that ends before it, without a word.
            for (int cut : new int[] {start + 1, start + 8, (start + end) / 2, end - SYNC_BYTES, end - 1})
                requireBefore(Arrays.copyOf(content, cut), before, false, path + ", cut at " + cut);
            byte[] damaged = content.clone();
            damaged[end - 1] ^= 1;
            requireBefore(damaged, before, true, path + ", sync marker changed at " + (end - 1));
        }
    }

    // ---- messages ----------------------------------------------------------------------------------------------------

    private static void datums(int id, String writerPath, String readerPath, String path, String out) throws IOException {
        Schema writer = parse(writerPath), reader = parse(readerPath);
        requireReadable(readerPath, writerPath);
        OrderedReader same = new OrderedReader(writer, writer, PLAIN), resolving = new OrderedReader(writer, reader, PLAIN);
        ByteBuffer content = ByteBuffer.wrap(Files.readAllBytes(Path.of(path)));
        try (PrintWriter lines = new PrintWriter(out, StandardCharsets.US_ASCII)) {
            while (content.hasRemaining()) {
                byte[] value = new byte[content.getInt()];
                content.get(value);
                ByteBuffer frame = ByteBuffer.wrap(value);
                require(frame.get() == 0 && frame.getInt() == id, path + ": a message is not framed with id " + id);
                byte[] again = write(writer, PLAIN, read(same, value, frame.position(), 1));
                require(Arrays.equals(again, Arrays.copyOfRange(value, frame.position(), value.length)),
                        path + ": Java writes a message as other bytes");
                printLine(lines, read(resolving, value, frame.position(), 1).get(0));
            }
            require(!lines.checkError(), "cannot write " + out);
        }
    }

    private static void perform(String[] words) throws IOException {
        switch (words[0]) {
            case "schema" -> schema(words[1]);
            case "refused" -> refused(words[1]);
            case "readable" -> requireReadable(words[1], words[1]);
            case "records" -> records(words[1], words[2], words[3], words[4]);
            case "splits" -> splits(words[1]);
            case "torn" -> torn(words[1]);
            case "datums" -> datums(Integer.parseInt(words[1]), words[2], words[3], words[4], words[5]);
            default -> throw new Failure(words[0] + " is no task");
        }
    }

    public static void main(String[] arguments) throws IOException {
        Map<String, Integer> done = new LinkedHashMap<>();
        BufferedReader tasks = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = tasks.readLine(); line != null; line = tasks.readLine()) {
            String[] words = line.split("\t");
            try {
                perform(words);
            } catch (Failure failure) {
                System.err.println("ReadAvro " + words[0] + ": " + failure.getMessage());
                System.exit(1);
            } catch (RuntimeException | IOException unexpected) {
                System.err.println("ReadAvro: " + String.join(" ", words));
                unexpected.printStackTrace();
                System.exit(1);
            }
            done.merge(words[0], 1, Integer::sum);
        }
        System.out.println("Java Avro " + Schema.class.getPackage().getImplementationVersion() + ": " + done);
    }
}
