#include "base/findings.h"

#include "base/shown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cdr_finding *append(struct cdr_findings *findings, enum cdr_finding_level level,
                                  const char *subject)
{
    struct cdr_finding *grown =
        realloc(findings->items, (findings->n + 1) * sizeof *findings->items);
    if (grown == NULL) {
        findings->failure = CDR_E_NOMEM;
        return NULL;
    }
    findings->items = grown;
    struct cdr_finding *finding = &grown[findings->n++];
    *finding = (struct cdr_finding){.level = level};
    cdr_shown(finding->subject, sizeof finding->subject, subject);
    return finding;
}

void cdr_findings_add(struct cdr_findings *findings, enum cdr_finding_level level,
                      const char *subject, const char *mend, const char *format, ...)
{
    struct cdr_finding *finding = append(findings, level, subject);
    if (finding == NULL)
        return;
    char what[sizeof finding->what];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    cdr_shown(finding->what, sizeof finding->what, what);
    snprintf(finding->mend, sizeof finding->mend, "%s", mend != NULL ? mend : "");
}

void cdr_findings_add_sentence(struct cdr_findings *findings, enum cdr_finding_level level,
                               const char *subject, const char *sentence)
{
    struct cdr_finding *finding = append(findings, level, subject);
    if (finding == NULL)
        return;
    const char *cut = NULL;
    for (const char *at = strstr(sentence, "; "); at != NULL; at = strstr(at + 2, "; "))
        cut = at;
    int len = cut != NULL ? (int)(cut - sentence) : (int)strlen(sentence);
    char what[sizeof finding->what];
    snprintf(what, sizeof what, "%.*s", len, sentence);
    cdr_shown(finding->what, sizeof finding->what, what);
    cdr_shown(finding->mend, sizeof finding->mend, cut != NULL ? cut + 2 : "");
}

size_t cdr_findings_count(const struct cdr_findings *findings, enum cdr_finding_level level)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->n; i++)
        count += findings->items[i].level == level;
    return count;
}

void cdr_findings_free(struct cdr_findings *findings)
{
    free(findings->items);
    *findings = (struct cdr_findings){0};
}
