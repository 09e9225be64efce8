#include "app/faults.h"

#include "app/progress.h"
#include "encode/encoder.h"
#include "model/fault.h"

#include <string.h>

/* Why a fault of such traits cannot be; NULL: it can. */
static const char *misfit(const struct cdr_settings *settings, unsigned sink, unsigned fault)
{
    const bool messages = (sink & CDR_SINK_MESSAGES) != 0;
    if (!messages && (fault & CDR_FAULT_MESSAGES) != 0)
        return "only a message in Kafka can have it; leave it out, or write to Kafka";
    if (!messages && (fault & CDR_FAULT_TEARS) != 0 &&
        cdr_format_is(settings->format, CDR_FORMAT_CONTAINER))
        return "it would tear an Avro container file, so that nothing after it could be read; "
               "leave it out, or pass --format json or csv, or write to Kafka";
    if ((fault & CDR_FAULT_FRAMED) != 0 &&
        !(messages && cdr_format_is(settings->format, CDR_FORMAT_FRAMED)))
        return "only Avro in Kafka has schema ids; leave it out, or pass --format avro and write "
               "to Kafka";
    if ((fault & CDR_FAULT_LINES) != 0 && cdr_format_is(settings->format, CDR_FORMAT_BINARY))
        return "it is a fault of text; leave it out, or pass --format json or csv";
    if ((fault & CDR_FAULT_KEYS) != 0 && cdr_format_is(settings->key_format, CDR_FORMAT_FRAMED))
        return "only keys of text can have it; leave it out, or leave out --key-format";
    return NULL;
}

enum cdr_result cdr_faults_fit(const struct cdr_settings *settings, unsigned traits,
                               struct cdr_error *error)
{
    for (uint32_t kind = 0; kind < CDR_FAULT_COUNT; kind++) {
        const char *why = settings->model.faults[kind] > 0
                              ? misfit(settings, traits, cdr_fault_traits[kind])
                              : NULL;
        if (why != NULL)
            return cdr_fail(error, CDR_E_CONFIG, "faults: %s: %s", cdr_fault_name[kind], why);
    }
    return CDR_OK;
}

enum cdr_result cdr_faults_fit_run(const struct cdr_settings *settings, unsigned traits,
                                   struct cdr_error *error)
{
    enum cdr_result result = cdr_faults_fit(settings, traits, error);
    for (uint32_t kind = 0; result == CDR_OK && kind < CDR_FAULT_COUNT; kind++)
        if ((cdr_fault_traits[kind] & CDR_FAULT_DELIVERY) != 0 &&
            settings->model.faults[kind] > 0 && !settings->sink.transactions &&
            cdr_settings_by_flag(settings, "faults"))
            result = cdr_fail(error, CDR_E_CONFIG,
                              "faults: %s: only transactions can have it; pass --transactions, "
                              "too, or leave it out",
                              cdr_fault_name[kind]);
    return result;
}

enum cdr_truth_format cdr_truth_format_of(const struct cdr_settings *settings)
{
    enum cdr_truth_format format = CDR_TRUTH_CSV;
    while (format < CDR_TRUTH_AVRO &&
           strcmp(cdr_truth_format_name[format], settings->truth_format) != 0)
        format++;
    return settings->json ? CDR_TRUTH_JSON : format;
}

void cdr_faults_print_expected(FILE *out, const struct cdr_parameters *parameters, double records)
{
    char count[32];
    const char *before = "faults       about ";
    for (uint32_t kind = 0; kind < CDR_FAULT_COUNT; kind++) {
        if (!(parameters->faults[kind] > 0) || (cdr_fault_traits[kind] & CDR_FAULT_DELIVERY) != 0)
            continue;
        fprintf(out, "%s%s %s", before,
                cdr_with_commas((uint64_t)(records * cdr_faults_expected(parameters, kind) + 0.5),
                                count),
                cdr_fault_name[kind]);
        before = ", ";
    }
    if (before[0] == ',')
        fputc('\n', out);
}
