#include "answer/row.h"

#include "answer/column.h"
#include "schema/varint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A column of the answer: where its value comes from, and what it is. */
enum kind { NUMBER, TIME, MAYBE, FIELD };

struct column {
    char name[CDR_QUERY_NAME_MAX + 8];
    enum kind kind;
    const struct cdr_field_source *field; /* of FIELD */
    int64_t value;
};

/* Columns of the largest query: two, a rank, by, select twice, late, open. */
enum { COLUMNS_MAX = 5 + CDR_QUERY_BY_MAX + 2 * CDR_QUERY_SELECT_MAX };

struct columns {
    struct column items[COLUMNS_MAX];
    uint32_t n;
};

static void add(struct columns *columns, const char *name, const char *more, enum kind kind,
                int64_t value)
{
    struct column *column = &columns->items[columns->n++];
    snprintf(column->name, sizeof column->name, "%s%s", name, more);
    column->kind = kind;
    column->value = value;
}

static void add_values(struct columns *columns, const struct cdr_query *query, const char *more,
                       const int64_t *values)
{
    for (uint32_t k = 0; k < query->select_count; k++)
        add(columns, query->select[k].name, more,
            cdr_query_may_lack(&query->select[k]) ? MAYBE : NUMBER, values[k]);
}

static void columns_of(struct columns *columns, const struct cdr_query *query, bool late,
                       const struct cdr_answer_row *row)
{
    columns->n = 0;
    add(columns, "window_start", "", TIME, row->start_ms);
    add(columns, "window_end", "", TIME, row->end_ms);
    if (query->top_rows > 0)
        add(columns, "rank", "", NUMBER, (int64_t)row->rank);
    for (uint32_t k = 0; k < query->by_count; k++) {
        add(columns, query->by[k]->name, "", FIELD, row->by[k]);
        columns->items[columns->n - 1].field = query->by[k];
    }
    add_values(columns, query, "", row->values);
    if (late) {
        add_values(columns, query, "_must", row->must);
        add(columns, "late", "", NUMBER, (int64_t)row->late);
    }
    add(columns, "open", "", NUMBER, row->open);
}

static bool is_optional(const struct column *column)
{
    return column->kind == MAYBE || (column->kind == FIELD && column->field->optional);
}

static bool is_absent(const struct column *column)
{
    return is_optional(column) && column->value == CDR_ABSENT;
}

static bool is_text(const struct column *column)
{
    return column->kind == FIELD && !cdr_column_is_number(column->field);
}

static void value_text(const struct column *column, char text[CDR_COLUMN_TEXT_MAX])
{
    if (is_absent(column))
        *text = '\0';
    else if (column->kind == FIELD)
        cdr_column_text(column->field, column->value, text);
    else
        snprintf(text, CDR_COLUMN_TEXT_MAX, "%" PRId64, column->value);
}

/* ---- CSV and JSON ---- */

size_t cdr_row_names(const struct cdr_query *query, bool late, char text[CDR_ROW_MAX])
{
    const struct cdr_answer_row none = {.start_ms = 0};
    struct columns columns;
    size_t len = 0;
    columns_of(&columns, query, late, &none);
    for (uint32_t i = 0; i < columns.n; i++)
        len += (size_t)snprintf(text + len, CDR_ROW_MAX - len, "%s%s", i == 0 ? "" : ",",
                                columns.items[i].name);
    return len;
}

static size_t put_csv(const struct columns *columns, char *to)
{
    char text[CDR_COLUMN_TEXT_MAX];
    size_t len = 0;
    for (uint32_t i = 0; i < columns->n; i++) {
        value_text(&columns->items[i], text);
        len += (size_t)snprintf(to + len, CDR_ROW_MAX - len, "%s%s", i == 0 ? "" : ",", text);
    }
    return len;
}

static size_t put_json(const struct columns *columns, char *to)
{
    char text[CDR_COLUMN_TEXT_MAX];
    size_t len = 0;
    for (uint32_t i = 0; i < columns->n; i++) {
        const struct column *column = &columns->items[i];
        const char *quote = is_text(column) ? "\"" : "";
        value_text(column, text);
        len += (size_t)snprintf(to + len, CDR_ROW_MAX - len, "%s\"%s\":%s%s%s", i == 0 ? "{" : ",",
                                column->name, quote, is_absent(column) ? "null" : text, quote);
    }
    to[len++] = '}';
    return len;
}

/* ---- Avro ---- */

static const char *avro_type(const struct column *column)
{
    const enum cdr_source_kind kind =
        column->kind == FIELD ? column->field->kind
                              : (column->kind == TIME ? CDR_SOURCE_TIME : CDR_SOURCE_NUMBER);
    switch (kind) {
    case CDR_SOURCE_TIME:
        return "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}";
    case CDR_SOURCE_NUMBER:
    case CDR_SOURCE_LOCAL:
        return "\"long\"";
    case CDR_SOURCE_BOOLEAN:
        return "\"boolean\"";
    default:
        return "\"string\"";
    }
}

void cdr_row_schema(const struct cdr_query *query, bool late, char text[CDR_ROW_SCHEMA_MAX])
{
    const struct cdr_answer_row none = {.start_ms = 0};
    struct columns columns;
    size_t len = (size_t)snprintf(
        text, CDR_ROW_SCHEMA_MAX,
        "{\"type\":\"record\",\"name\":\"Answer\",\"namespace\":\"io.cdrgen\",\"fields\":[");
    columns_of(&columns, query, late, &none);
    for (uint32_t i = 0; i < columns.n; i++) {
        const struct column *column = &columns.items[i];
        const bool optional = is_optional(column);
        len += (size_t)snprintf(text + len, CDR_ROW_SCHEMA_MAX - len,
                                "%s{\"name\":\"%s\",\"type\":%s%s%s}", i == 0 ? "" : ",",
                                column->name, optional ? "[\"null\"," : "", avro_type(column),
                                optional ? "],\"default\":null" : "");
    }
    snprintf(text + len, CDR_ROW_SCHEMA_MAX - len, "]}");
}

static uint8_t *put_text(uint8_t *to, const char *text)
{
    const size_t len = strlen(text);
    to = cdr_put_varint(to, (int64_t)len);
    memcpy(to, text, len);
    return to + len;
}

static size_t put_avro(const struct columns *columns, uint8_t *bytes)
{
    char text[CDR_COLUMN_TEXT_MAX];
    uint8_t *to = bytes;
    for (uint32_t i = 0; i < columns->n; i++) {
        const struct column *column = &columns->items[i];
        if (is_optional(column))
            to = cdr_put_varint(to, !is_absent(column));
        if (is_absent(column))
            continue;
        value_text(column, text);
        if (is_text(column))
            to = put_text(to, text);
        else if (column->kind == FIELD && column->field->kind == CDR_SOURCE_BOOLEAN)
            *to++ = strcmp(text, "true") == 0;
        else
            to = cdr_put_varint(to, column->value);
    }
    return (size_t)(to - bytes);
}

size_t cdr_row_encode(enum cdr_row_format format, const struct cdr_query *query, bool late,
                      const struct cdr_answer_row *row, uint8_t bytes[CDR_ROW_MAX])
{
    struct columns columns;
    columns_of(&columns, query, late, row);
    if (format == CDR_ROW_AVRO)
        return put_avro(&columns, bytes);
    return format == CDR_ROW_CSV ? put_csv(&columns, (char *)bytes)
                                 : put_json(&columns, (char *)bytes);
}

size_t cdr_row_key(const struct cdr_query *query, const struct cdr_answer_row *row,
                   char text[CDR_ROW_KEY_MAX])
{
    char value[CDR_COLUMN_TEXT_MAX];
    size_t len = (size_t)snprintf(text, CDR_ROW_KEY_MAX, "%" PRId64, row->start_ms);
    if (query->window == CDR_WINDOW_SESSION)
        len += (size_t)snprintf(text + len, CDR_ROW_KEY_MAX - len, ",%" PRId64, row->end_ms);
    for (uint32_t k = 0; k < query->by_count; k++) {
        cdr_column_text(query->by[k], row->by[k], value);
        len += (size_t)snprintf(text + len, CDR_ROW_KEY_MAX - len, ",%s", value);
    }
    return len;
}
