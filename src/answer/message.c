/* Rows of messages: values and keys, in the forms that engines put them out in. */
#include "answer/avro_row.h"
#include "answer/internal.h"

#include <inttypes.h>
#include <string.h>

const struct cdr_output_form_row cdr_output_forms[CDR_OUTPUT_FORMS] = {
    [CDR_OUTPUT_CSV] = {"csv", CDR_VALUES_CSV, CDR_KEYS_IGNORED, false, CDR_FOLD_APPEND},
    [CDR_OUTPUT_JSON] = {"json", CDR_VALUES_JSON, CDR_KEYS_IGNORED, false, CDR_FOLD_APPEND},
    [CDR_OUTPUT_AVRO] = {"avro", CDR_VALUES_AVRO, CDR_KEYS_IGNORED, false, CDR_FOLD_APPEND},
    [CDR_OUTPUT_STREAMS] = {"streams", CDR_VALUES_NUMBER, CDR_KEYS_WINDOW, false, CDR_FOLD_APPEND},
    [CDR_OUTPUT_STREAMS_SESSION] = {"streams-session", CDR_VALUES_NUMBER, CDR_KEYS_SESSION, false,
                                    CDR_FOLD_UPSERT},
    [CDR_OUTPUT_KSQLDB] = {"ksqldb", CDR_VALUES_NUMBER, CDR_KEYS_WINDOW, false, CDR_FOLD_UPSERT},
    [CDR_OUTPUT_FLINK_APPEND] = {"flink-append", CDR_VALUES_JSON, CDR_KEYS_IGNORED, false,
                                 CDR_FOLD_APPEND},
    [CDR_OUTPUT_FLINK_UPSERT] = {"flink-upsert", CDR_VALUES_JSON, CDR_KEYS_ROW, false,
                                 CDR_FOLD_UPSERT},
    [CDR_OUTPUT_AVRO_UPSERT] = {"avro-upsert", CDR_VALUES_AVRO, CDR_KEYS_ROW, false,
                                CDR_FOLD_UPSERT},
    [CDR_OUTPUT_DEBEZIUM] = {"debezium", CDR_VALUES_JSON, CDR_KEYS_IGNORED, true, CDR_FOLD_UPSERT},
    [CDR_OUTPUT_SPARK_APPEND] = {"spark-append", CDR_VALUES_JSON, CDR_KEYS_IGNORED, false,
                                 CDR_FOLD_APPEND},
    [CDR_OUTPUT_SPARK_UPDATE] = {"spark-update", CDR_VALUES_JSON, CDR_KEYS_IGNORED, false,
                                 CDR_FOLD_UPSERT},
    [CDR_OUTPUT_RISINGWAVE] = {"risingwave", CDR_VALUES_JSON, CDR_KEYS_ROW, false, CDR_FOLD_UPSERT},
    [CDR_OUTPUT_CLICKHOUSE] = {"clickhouse", CDR_VALUES_JSON, CDR_KEYS_IGNORED, false,
                               CDR_FOLD_SUM},
};

/* ---- values ---- */

static enum cdr_result take_object(struct cdr_output_input *input, json_t *value,
                                   const char *const *key)
{
    const char *cells[CDR_OUTPUT_CELLS];
    char numbers[CDR_OUTPUT_CELLS][32];
    memcpy(cells, key, sizeof cells);
    if (json_is_object(value))
        cdr_output_fill_cells(input, value, cells, numbers);
    else if (cdr_output_forms[input->form].values == CDR_VALUES_NUMBER)
        cells[CDR_CELL_SELECT] = cdr_output_text_of(value, numbers[0]);
    else
        return cdr_output_fault(input, "", "a row is an object");
    return cdr_output_add_row(input, cells);
}

/* A change has the row as it is from now on, or of one that goes as it was. */
static enum cdr_result take_change(struct cdr_output_input *input, json_t *value,
                                   const char *const *key)
{
    json_t *payload = json_object_get(value, "payload");
    json_t *change = json_is_object(payload) ? payload : value;
    json_t *after = json_object_get(change, "after"), *before = json_object_get(change, "before");
    if (!json_is_object(after) && !json_is_object(before))
        return cdr_output_fault(input, "", "a change is an object with before and after");
    input->gone = !json_is_object(after);
    const enum cdr_result result = take_object(input, input->gone ? before : after, key);
    input->gone = false;
    return result;
}

enum cdr_result cdr_output_take_value(struct cdr_output_input *input, json_t *value,
                                      const char *const *key)
{
    return cdr_output_forms[input->form].changes ? take_change(input, value, key)
                                                 : take_object(input, value, key);
}

/* ---- bytes ---- */

static int64_t big_endian(const char *bytes, size_t n)
{
    uint64_t value = n > 0 && (unsigned char)bytes[0] >= 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | (unsigned char)bytes[i];
    return (int64_t)value;
}

static bool is_text(const char *bytes, size_t len)
{
    bool text = true;
    for (size_t i = 0; i < len; i++)
        text &= bytes[i] >= ' ' && bytes[i] <= '~';
    return text;
}

struct message {
    struct cdr_output_input *input;
    const struct cdr_output_message *it;
    const struct cdr_output_schemas *schemas;
};

static enum cdr_result parse_json(const struct message *message, const char *bytes, size_t len,
                                  json_t **value)
{
    json_error_t problem;
    *value = json_loadb(bytes, len, JSON_DECODE_ANY, &problem);
    return *value != NULL ? CDR_OK : cdr_output_no_json(message->input, &problem);
}

static enum cdr_result parse_avro(const struct message *message, bool of_key, const char *bytes,
                                  size_t len, json_t **value)
{
    struct cdr_output_input *input = message->input;
    const struct cdr_output_schemas *schemas = message->schemas;
    const size_t frame = schemas->framed ? 5 : 0;
    if (frame > 0 && (len < frame || bytes[0] != 0))
        return cdr_output_fault(input, "", "it does not begin with the id of a schema");
    const int32_t id = frame > 0 ? (int32_t)big_endian(bytes + 1, 4) : 0;
    const struct cdr_schema_node *schema =
        schemas->find(schemas->context, of_key, id, input->error);
    if (schema == NULL)
        return CDR_E_CONFIG;
    *value = cdr_avro_row(schema, bytes + frame, len - frame);
    return *value != NULL ? CDR_OK
                          : cdr_output_fault(input, "", "it is no Avro datum of its schema");
}

static enum cdr_result parse(const struct message *message, bool of_key, json_t **value)
{
    const char *bytes = of_key ? message->it->key : message->it->value;
    const size_t len = of_key ? message->it->key_len : message->it->value_len;
    return cdr_output_forms[message->input->form].values == CDR_VALUES_AVRO
               ? parse_avro(message, of_key, bytes, len, value)
               : parse_json(message, bytes, len, value);
}

/* ---- keys ---- */

/* Texts of a key's cells. */
struct key {
    const char *cells[CDR_OUTPUT_CELLS];
    char numbers[CDR_OUTPUT_CELLS][32];
    char text[64], start[24], end[24];
    json_t *object; /* that texts are in */
};

static enum cdr_result read_row_key(const struct message *message, struct key *key)
{
    if (message->it->key == NULL)
        return message->it->value != NULL
                   ? CDR_OK
                   : cdr_output_fault(message->input, "", "there is neither a key nor a value");
    const enum cdr_result result = parse(message, true, &key->object);
    if (result == CDR_OK && !json_is_object(key->object))
        return cdr_output_fault(message->input, "", "the key is no object");
    if (result == CDR_OK)
        cdr_output_fill_cells(message->input, key->object, key->cells, key->numbers);
    return result;
}

/* The by fields of a windowed key. */
static enum cdr_result read_fields(const struct message *message, size_t len, struct key *key)
{
    struct cdr_output_input *input = message->input;
    const char *bytes = message->it->key;
    if (len > 0 && bytes[0] == '{') {
        const enum cdr_result result = parse_json(message, bytes, len, &key->object);
        if (result == CDR_OK)
            cdr_output_fill_cells(input, key->object, key->cells, key->numbers);
        return result;
    }
    if (input->found->query->by_count != 1)
        return cdr_output_fault(input, "",
                                "a key of Kafka Streams that is no object is one field, and the "
                                "query has others");
    if ((len == 4 || len == 8) && !is_text(bytes, len))
        snprintf(key->text, sizeof key->text, "%" PRId64, big_endian(bytes, len));
    else
        snprintf(key->text, sizeof key->text, "%.*s", (int)len, bytes);
    key->cells[CDR_CELL_BY] = key->text;
    return CDR_OK;
}

static enum cdr_result read_window_key(const struct message *message, bool session, struct key *key)
{
    const size_t times = session ? 16 : 8, len = message->it->key_len;
    if (message->it->key == NULL || len < times || len - times >= 1024 ||
        (message->it->key[0] != '{' && len - times >= sizeof key->text))
        return cdr_output_fault(message->input, "",
                                "the key is not one of a windowed aggregate of Kafka Streams");
    snprintf(key->start, sizeof key->start, "%" PRId64, big_endian(message->it->key + len - 8, 8));
    key->cells[CDR_CELL_START] = key->start;
    if (session) {
        snprintf(key->end, sizeof key->end, "%" PRId64, big_endian(message->it->key + len - 16, 8));
        key->cells[CDR_CELL_END] = key->end;
    }
    return read_fields(message, len - times, key);
}

static enum cdr_result read_key(const struct message *message, struct key *key)
{
    switch (cdr_output_forms[message->input->form].keys) {
    case CDR_KEYS_ROW:
        return read_row_key(message, key);
    case CDR_KEYS_WINDOW:
        return read_window_key(message, false, key);
    case CDR_KEYS_SESSION:
        return read_window_key(message, true, key);
    default:
        return CDR_OK;
    }
}

/* ---- a message ---- */

static enum cdr_result take_message(const struct message *message, struct key *key)
{
    struct cdr_output_input *input = message->input;
    const struct cdr_output_form_row *form = &cdr_output_forms[input->form];
    const char *cells[CDR_OUTPUT_CELLS];
    char number[24], copy[CDR_OUTPUT_FLAT_MAX];
    json_t *value = NULL;
    if (message->it->value == NULL && form->changes)
        return CDR_OK; /* comes after a row that goes, for compaction */
    if (message->it->value == NULL && form->keys == CDR_KEYS_IGNORED)
        return cdr_output_fault(input, "", "a message without a value says nothing of a row");
    enum cdr_result result = read_key(message, key);
    if (result != CDR_OK)
        return result;
    input->gone = message->it->value == NULL;
    if (input->gone)
        return cdr_output_add_row(input, key->cells);
    if (form->values == CDR_VALUES_NUMBER && message->it->value_len == 8 &&
        !is_text(message->it->value, 8)) {
        snprintf(number, sizeof number, "%" PRId64, big_endian(message->it->value, 8));
        key->cells[CDR_CELL_SELECT] = number;
        return cdr_output_add_row(input, key->cells);
    }
    memcpy(cells, key->cells, sizeof cells);
    if (form->values != CDR_VALUES_AVRO && !form->changes &&
        cdr_output_flat(input, message->it->value, message->it->value_len, copy, cells))
        return cdr_output_add_row(input, cells);
    result = parse(message, false, &value);
    if (result == CDR_OK)
        result = cdr_output_take_value(input, value, key->cells);
    json_decref(value);
    return result;
}

enum cdr_result cdr_output_take(struct cdr_output *output, const struct cdr_query *query,
                                const struct cdr_model *model,
                                const struct cdr_output_message *message, enum cdr_output_form form,
                                enum cdr_fold fold, const struct cdr_output_schemas *schemas,
                                struct cdr_error *error)
{
    struct cdr_output_input input = {
        .found = output, .model = model, .name = message->place, .form = form, .error = error};
    const struct message taken = {.input = &input, .it = message, .schemas = schemas};
    struct key key = {.object = NULL};
    input.fold = fold == CDR_FOLD_OF_FORM ? cdr_output_forms[form].fold : fold;
    if (output->query == NULL)
        cdr_output_begin(output, query);
    const enum cdr_result result = take_message(&taken, &key);
    json_decref(key.object);
    return result;
}
