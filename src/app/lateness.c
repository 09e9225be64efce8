#include "app/lateness.h"

#include "base/parse.h"

#include <string.h>

/* Rules of engines that were seen to be so (docs/answers.md). A new engine is a row. */
static const struct {
    const char *name;
    struct cdr_lateness lateness;
} engines[] = {
    /* Records before a window's end and grace have passed, by those that reach the window. */
    {"streams", {.on = true, .passing = true}},
    /* A watermark of each partition, which passes a window's last millisecond. */
    {"flink", {.on = true, .early_ms = 1}},
};

enum cdr_result cdr_lateness_of(const struct cdr_settings *settings, const struct cdr_query *query,
                                struct cdr_lateness *lateness, struct cdr_error *error)
{
    char quoted[72];
    struct cdr_error clause;
    const char *text = settings->late;
    const size_t len = text != NULL ? strcspn(text, ":") : 0;
    *lateness = (struct cdr_lateness){.on = false};
    if (text == NULL)
        return cdr_query_asks_late(query)
                   ? cdr_fail(error, CDR_E_CONFIG,
                              "query %s asks which records are late; say by which rule with --late",
                              query->name)
                   : CDR_OK;
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++)
        if (strlen(engines[i].name) == len && strncmp(engines[i].name, text, len) == 0)
            *lateness = engines[i].lateness;
    if (!lateness->on || text[len] == '\0')
        return cdr_fail(error, CDR_E_CONFIG,
                        "late: %s is not a rule; allowed are streams:TIME and flink:TIME, such as "
                        "streams:10m",
                        cdr_quote(text, quoted));
    if (cdr_parse_duration_ms(text + len + 1, 1000, &lateness->allowed_ms, &clause) != CDR_OK)
        return cdr_fail(error, CDR_E_CONFIG, "late: %s", clause.text);
    /* SQL takes the allowance alone. */
    if (settings->sql == NULL && (query->top_rows > 0 || query->window == CDR_WINDOW_NONE))
        return cdr_fail(error, CDR_E_CONFIG, "late: query %s has %s, so nothing of it can be late",
                        query->name, query->top_rows > 0 ? "a top" : "no windows");
    return CDR_OK;
}
