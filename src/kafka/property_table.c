/* The table that librdkafka prints as CONFIGURATION.md. */
#include "kafka/property_table.h"

#include "base/suggest.h"

#include <librdkafka/rdkafka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME, SCOPE, RANGE, INITIAL, IMPORTANCE, DESCRIPTION, CELLS };

struct row {
    char *cells[CELLS]; /* without the blanks around them */
};

typedef void (*row_visitor)(void *context, const struct row *row);

static char *trim(char *text)
{
    text += strspn(text, " ");
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == ' ')
        text[--len] = '\0';
    return text;
}

/* A description may hold the sign between two cells, so it is the rest of the line. */
static bool split(char *line, struct row *row)
{
    for (int cell = 0; cell < CELLS; cell++) {
        char *bar = cell < DESCRIPTION ? strchr(line, '|') : NULL;
        if (bar == NULL && cell < DESCRIPTION)
            return false;
        if (bar != NULL)
            *bar = '\0';
        row->cells[cell] = trim(line);
        line = bar != NULL ? bar + 1 : line;
    }
    return row->cells[NAME][0] != '-' && strcmp(row->cells[NAME], "Property") != 0;
}

/* False where there is no memory. */
static bool visit_rows(row_visitor visit, void *context)
{
    char *text = NULL, *save = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);
    if (stream == NULL)
        return false;
    rd_kafka_conf_properties_show(stream);
    bool good = fclose(stream) == 0;
    for (char *line = good ? strtok_r(text, "\n", &save) : NULL; line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        struct row row;
        if (split(line, &row))
            visit(context, &row);
    }
    free(text);
    return good;
}

struct near {
    struct cdr_suggestion suggestion;
    char *best;
    size_t best_max;
};

static void offer_row(void *context, const struct row *row)
{
    struct near *near = context;
    const char *before = near->suggestion.best;
    size_t distance = near->suggestion.distance;
    cdr_suggest(&near->suggestion, row->cells[NAME]);
    if (near->suggestion.best == before && near->suggestion.distance == distance)
        return;
    /* The row goes, the name stays. */
    snprintf(near->best, near->best_max, "%s", near->suggestion.best);
    near->suggestion.best = near->best;
}

void cdr_kafka_property_near(const char *name, cdr_kafka_names offer, char *best, size_t best_max)
{
    /* What people call them. */
    static const char *const words[][2] = {
        {"brokers", "bootstrap.servers"}, {"broker", "bootstrap.servers"},
        {"servers", "bootstrap.servers"}, {"broker.list", "bootstrap.servers"},
        {"username", "sasl.username"},    {"password", "sasl.password"}};
    struct near near = {{.given = name}, best, best_max};
    best[0] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i][0], name) == 0) {
            snprintf(best, best_max, "%s", words[i][1]);
            return;
        }
    if (offer != NULL)
        offer(&near.suggestion);
    if (near.suggestion.best != NULL)
        snprintf(best, best_max, "%s", near.suggestion.best);
    if (!visit_rows(offer_row, &near))
        best[0] = '\0';
}

struct allowed {
    const char *name;
    char *text;
    size_t text_max;
};

/* "0 .. 900000" or "none, gzip, snappy": the first row of a name is the client's, which decides. */
static void take_allowed(void *context, const struct row *row)
{
    struct allowed *allowed = context;
    static const char supported[] = "Supported: ";
    const char *range = row->cells[RANGE], *dots = strstr(range, " .. ");
    const char *listed = strstr(row->cells[DESCRIPTION], supported);
    if (strcmp(row->cells[NAME], allowed->name) != 0 || allowed->text[0] != '\0')
        return;
    if (dots != NULL)
        snprintf(allowed->text, allowed->text_max, "%.*s to %s", (int)(dots - range), range,
                 dots + 4);
    else if (*range != '\0')
        snprintf(allowed->text, allowed->text_max, "%s", range);
    else if (listed != NULL)
        snprintf(allowed->text, allowed->text_max, "%.*s",
                 (int)strcspn(listed + sizeof supported - 1, "."), listed + sizeof supported - 1);
}

void cdr_kafka_property_allowed(const char *name, char *text, size_t text_max)
{
    struct allowed allowed = {name, text, text_max};
    text[0] = '\0';
    if (!visit_rows(take_allowed, &allowed))
        text[0] = '\0';
}

struct known {
    const char *name;
    bool found;
};

static void look_for(void *context, const struct row *row)
{
    struct known *known = context;
    known->found = known->found || strcmp(row->cells[NAME], known->name) == 0;
}

bool cdr_kafka_property_known(const char *name)
{
    struct known known = {name, false};
    return !visit_rows(look_for, &known) || known.found;
}
