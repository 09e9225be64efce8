/* CSV payloads: cells separated by ; and quoted by RFC 4180 where they need it. */
#include "verify/payload_format.h"

#include "schema/source.h"

#include <string.h>

struct cell {
    const char *text; /* without the quotes around it; quotes within are still doubled */
    size_t len;
    bool quoted;
};

/* Takes the cell that begins at *at. *at becomes the beginning of the next one, NULL after the
 * last. */
static struct cell take_cell(const char **at, const char *end)
{
    struct cell cell = {.text = *at, .quoted = *at < end && **at == '"'};
    const char *stop = *at;
    if (cell.quoted) {
        cell.text = ++stop;
        while (stop < end && (*stop != '"' || (end - stop > 1 && stop[1] == '"')))
            stop += *stop == '"' ? 2 : 1;
    } else {
        stop = memchr(stop, ';', (size_t)(end - stop));
        stop = stop != NULL ? stop : end;
    }
    cell.len = (size_t)(stop - cell.text);
    while (stop < end && *stop != ';')
        stop++;
    *at = stop < end ? stop + 1 : NULL;
    return cell;
}

static bool csv_scan(uint32_t type, const uint8_t *bytes, size_t n,
                     struct cdr_span spans[CDR_SPANS])
{
    const char *text = (const char *)bytes, *end = text + n;
    (void)type;
    for (unsigned i = 0; i < CDR_SPANS && text <= end; i++) {
        const char *stop = memchr(text, ';', (size_t)(end - text));
        if (stop == NULL)
            stop = end;
        spans[i] = (struct cdr_span){.text = text, .len = (size_t)(stop - text)};
        cdr_span_number(&spans[i]);
        text = stop + 1;
    }
    return true;
}

/* The first time that a column of this name holds, and the first digits that are none. */
static bool csv_search(const struct cdr_payload_shape *shape, const uint8_t *bytes, size_t n,
                       struct cdr_searched *found)
{
    const char *text = (const char *)bytes, *end = text + n;
    const char *name = shape->encoder->ops->file_header(shape->encoder);
    while (text != NULL && *name != '\n') {
        char column[64] = "";
        size_t name_len = strcspn(name, ";\n");
        if (name_len < sizeof column)
            memcpy(column, name, name_len);
        name += name_len + (name[name_len] == ';');
        struct cell cell = take_cell(&text, end);
        const struct cdr_field_source *source = cdr_source_find(column, shape->type);
        bool number = source != NULL && source->kind != CDR_SOURCE_DIGITS;
        struct cdr_span span = {.text = cell.text, .len = cell.len};
        if (number && found->time == CDR_NO_TIME && cdr_span_number(&span) &&
            span.number >= CDR_TIME_MIN)
            found->time = span.number;
        if (!number && found->key.text == NULL && cdr_span_is_digits(cell.text, cell.len))
            found->key = span;
    }
    return true;
}

static void set_cell(struct cdr_field *field, const struct cell *cell)
{
    char plain[sizeof field->value + 8];
    size_t len = 0;
    if (!cell->quoted) {
        cdr_bytes_text(field->value, sizeof field->value, (const uint8_t *)cell->text, cell->len);
        return;
    }
    for (size_t i = 0; i < cell->len && len < sizeof plain; i++) {
        plain[len++] = cell->text[i];
        i += cell->text[i] == '"';
    }
    cdr_bytes_text(field->value, sizeof field->value, (const uint8_t *)plain, len);
}

/* Names are those of the header line. False: it has more or fewer fields. */
static bool csv_decode(struct cdr_fields *fields, const struct cdr_payload_shape *shape,
                       const uint8_t *bytes, size_t n)
{
    const char *text = (const char *)bytes, *end = text + n;
    const char *name = shape->encoder->ops->file_header(shape->encoder);
    for (;;) {
        size_t name_len = strcspn(name, ";\n");
        struct cell cell = take_cell(&text, end);
        struct cdr_field *field = cdr_fields_add(fields, name, name_len);
        if (field != NULL)
            set_cell(field, &cell);
        name += name_len;
        if (*name != ';' || text == NULL)
            return *name != ';' && text == NULL;
        name++;
    }
}

const struct cdr_payload_format cdr_payload_csv = {
    .name = "csv", .scan = csv_scan, .search = csv_search, .decode = csv_decode};
