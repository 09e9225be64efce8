#include "model/fault.h"

#include "model/streams.h"

#include <stdio.h>
#include <string.h>

#define NAME(ID, name, ...) #name,
const char *const cdr_fault_name[CDR_FAULT_COUNT + 1] = {CDR_FAULTS(NAME) NULL};
#define TRAITS(ID, name, number, traits, help) traits,
const unsigned cdr_fault_traits[CDR_FAULT_COUNT] = {CDR_FAULTS(TRAITS)};
#define HELP(ID, name, number, traits, help) help,
const char *const cdr_fault_help[CDR_FAULT_COUNT] = {CDR_FAULTS(HELP)};
#define NUMBER(ID, name, number, traits, help) number,
const uint8_t cdr_fault_number[CDR_FAULT_COUNT] = {CDR_FAULTS(NUMBER)};

/* A record may be longer by as much, whatever its fault. */
enum { GROWS_MIN = 64 };

void cdr_faults_init(struct cdr_faults *faults, const struct cdr_parameters *parameters)
{
    *faults = (struct cdr_faults){.stream = cdr_stream(parameters->seed, CDR_STREAM_FAULT),
                                  .copies_max = parameters->duplicate_copies,
                                  .frame_quarters = 4 * parameters->outage_hours};
    for (uint32_t kind = 0; kind < CDR_FAULT_COUNT; kind++) {
        if (!(parameters->faults[kind] > 0) || (cdr_fault_traits[kind] & CDR_FAULT_DELIVERY) != 0)
            continue;
        faults->on = true;
        faults->grows_max = GROWS_MIN;
        faults->below[kind] = cdr_share_threshold(parameters->faults[kind]);
        if ((cdr_fault_traits[kind] & CDR_FAULT_PAYLOAD) != 0)
            faults->payload[faults->payload_count++] = (uint8_t)kind;
    }
    if (faults->below[CDR_FAULT_OVERSIZE] > 0)
        faults->grows_max += parameters->oversize_bytes;
}

uint32_t cdr_fault_of_payload(const struct cdr_faults *faults, uint64_t base)
{
    for (uint32_t i = 0; i < faults->payload_count; i++)
        if (cdr_fault_drawn(faults, base, faults->payload[i]))
            return cdr_fault_number[faults->payload[i]];
    return 0;
}

uint32_t cdr_outage_elements(const struct cdr_faults *faults, uint32_t type, uint32_t frame)
{
    uint32_t out = 0;
    for (uint32_t element = 0; element < CDR_ELEMENTS; element++) {
        const uint64_t name = (uint64_t)type << 40 | (uint64_t)element << 32 | frame;
        out |= (uint32_t)cdr_fault_drawn(faults, cdr_mix(cdr_mix(name) ^ faults->stream),
                                         CDR_FAULT_OUTAGE)
               << element;
    }
    return out;
}

int64_t cdr_outage_until_ms(const struct cdr_faults *faults, const struct cdr_calendar *calendar,
                            uint32_t type, uint32_t subscriber, const struct cdr_slot *slot)
{
    if (faults->below[CDR_FAULT_OUTAGE] == 0)
        return 0;
    const uint32_t frame = cdr_outage_frame(faults, slot);
    struct cdr_slot next = *slot;
    if ((cdr_outage_elements(faults, type, frame) >> cdr_outage_element(faults, subscriber) & 1) ==
        0)
        return 0;
    while (cdr_outage_frame(faults, &next) == frame)
        next = cdr_calendar_next(calendar, &next);
    return next.start_ms;
}

uint32_t cdr_fault_of_entry(uint32_t entry)
{
    uint32_t kind = 0;
    if (entry == CDR_ENTRY_LATE_COPY)
        return CDR_FAULT_LATE_DUPLICATE;
    while (kind < CDR_FAULT_COUNT && cdr_fault_number[kind] != (entry & CDR_ENTRY_FAULT))
        kind++;
    return kind;
}

void cdr_fault_entry_text(uint32_t entry, char text[CDR_FAULT_TEXT_MAX])
{
    const bool late = entry == CDR_ENTRY_LATE_COPY;
    const bool copy = (entry & CDR_ENTRY_COPY) != 0 && !late,
               fault = (entry & CDR_ENTRY_FAULT) != 0;
    snprintf(text, CDR_FAULT_TEXT_MAX, "%s%s%s",
             fault ? cdr_fault_name[cdr_fault_of_entry(entry)] : "", fault && copy ? "," : "",
             copy ? cdr_fault_name[CDR_FAULT_DUPLICATE] : "");
}

/* The share of records that have a good payload as far as the kinds before one go. */
static double good_before(const struct cdr_parameters *parameters, uint32_t kind)
{
    double share = 1;
    for (uint32_t before = 0; before < kind; before++)
        if ((cdr_fault_traits[before] & CDR_FAULT_PAYLOAD) != 0)
            share *= 1 - parameters->faults[before];
    return share;
}

double cdr_faults_expected(const struct cdr_parameters *parameters, enum cdr_fault kind)
{
    const double share = parameters->faults[kind];
    const double present = 1 - parameters->faults[CDR_FAULT_MISSING], still = 1 - share;
    if (kind == CDR_FAULT_MISSING)
        return share;
    if (kind == CDR_FAULT_OUTAGE || kind == CDR_FAULT_LATE)
        return present * share;
    if ((cdr_fault_traits[kind] & CDR_FAULT_DELIVERY) != 0)
        return 0;
    if (kind == CDR_FAULT_DUPLICATE)
        return present * share * (parameters->duplicate_copies + 1) / 2;
    if (kind == CDR_FAULT_LATE_DUPLICATE)
        return present * share * good_before(parameters, CDR_FAULT_COUNT);
    if (kind == CDR_FAULT_SWAP) /* less than both neighbours */
        return present * present * (1 - still * still * still) / 3;
    return present * share * good_before(parameters, kind);
}

enum cdr_result cdr_faults_check(const struct cdr_parameters *parameters, struct cdr_error *error)
{
    double payloads = 0;
    for (uint32_t kind = 0; kind < CDR_FAULT_COUNT; kind++) {
        const double share = parameters->faults[kind];
        if (!(share >= 0 && share <= 1))
            return cdr_fail(error, CDR_E_CONFIG,
                            "faults.%s: %.10g is out of range; a share is 0 to 1",
                            cdr_fault_name[kind], share);
        if ((cdr_fault_traits[kind] & CDR_FAULT_PAYLOAD) != 0)
            payloads += share;
    }
    if (payloads > 1)
        return cdr_fail(error, CDR_E_CONFIG,
                        "faults: the shares of what can be wrong with a record add up to %.10g; a "
                        "record has one such fault at most, so they may add up to 1",
                        payloads);
    return CDR_OK;
}
