#include "base/assertion.h"

#include "base/parse.h"

#include <string.h>

enum cdr_result cdr_assertion_parse(const char *text, struct cdr_assertion *assertion,
                                    struct cdr_error *error)
{
    static const char word[] = "capacity";
    char quoted[72];
    struct cdr_assertion read = {0};
    const bool named = strncmp(text, word, sizeof word - 1) == 0;
    const char *at = named ? text + sizeof word - 1 : text;
    at += strspn(at, " ");
    read.above = *at == '>';
    const bool compares = named && (*at == '>' || *at == '<');
    if (compares && *++at == '=') {
        read.or_equal = true;
        at++;
    }
    at += strspn(at, " ");
    if (!compares || cdr_parse_rate(at, &read.per_s, NULL) != CDR_OK)
        return cdr_fail(error, CDR_E_CONFIG,
                        "%s is no assertion; 'capacity>5k' and 'capacity<=20k/s' are",
                        cdr_quote(text, quoted));
    *assertion = read;
    return CDR_OK;
}

bool cdr_assertion_holds(const struct cdr_assertion *assertion, double low, double high)
{
    const double known = assertion->above ? low : high;
    if (assertion->or_equal && known == assertion->per_s)
        return true;
    return assertion->above ? known > assertion->per_s : known < assertion->per_s;
}
