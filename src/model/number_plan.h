/* Who the parties of other networks are: kinds of numbers, and the number of a contact.
 *
 * A contact outside is of one kind for good: a mobile number (offnet_prefixes), a fixed line or one
 * abroad. A share of the calls goes to numbers that many people call instead: free and paid
 * services, short codes, the voice mailbox, the emergency number, which nearly always answer and
 * never call. A subscriber has four of each kind. Of free services the k-th number has a
 * probability of about 1/k (Zipf), of short codes, paid services and countries too; so few numbers
 * have many callers.
 *
 * Messages come from contacts, or from applications (banks, shops, codes to log in with), which
 * have short codes and are not written to.
 *
 * All but the mobile ones follow from the own prefixes: with their country code (ITU-T E.164) fixed
 * lines have the areas of the Netherlands there, elsewhere areas of two digits that are not among
 * mobile numbers, and a local number that begins with 2 to 9, free services are 800 and four
 * digits, paid ones 900. In North America all of them are numbers of its plan. Digits abroad are
 * those of mobile numbers there. A kind whose numbers
 * could be subscribers' is left out.
 *
 * Immutable once initialised: serves any number of threads.
 */
#ifndef CDR_MODEL_NUMBER_PLAN_H
#define CDR_MODEL_NUMBER_PLAN_H

#include "base/hash.h"
#include "model/identity.h"
#include "model/parameters.h"
#include "model/tables.h"

#include <stdint.h>

#define CDR_PLAN_ENTRIES 640u

/* What a contact can be, and what can write. */
#define CDR_CONTACT_KINDS                                                                          \
    (1u << CDR_NUMBER_MOBILE | 1u << CDR_NUMBER_FIXED | 1u << CDR_NUMBER_INTERNATIONAL)
#define CDR_WRITING_KINDS (1u << CDR_NUMBER_MOBILE | 1u << CDR_NUMBER_INTERNATIONAL)

struct cdr_number_plan {
    uint32_t key;
    /* Thresholds: of contacts, and of the calls to numbers that many people call. */
    uint32_t kind_below[CDR_NUMBER_KIND_COUNT], service_below[CDR_NUMBER_KIND_COUNT];
    double services;                             /* share of the calls */
    uint32_t application_first, application_len; /* numbers of applications that write */
    /* By kind: its entries, and where they are not equally likely, 2^octaves − 1 of them. */
    uint32_t start[CDR_NUMBER_KIND_COUNT], count[CDR_NUMBER_KIND_COUNT],
        octaves[CDR_NUMBER_KIND_COUNT];
    /* By entry: its first number, how many numbers are used, and their digits. */
    uint64_t first[CDR_PLAN_ENTRIES];
    uint32_t span[CDR_PLAN_ENTRIES], len[CDR_PLAN_ENTRIES];
    uint8_t american[CDR_PLAN_ENTRIES]; /* digits of a prefix of North America, or 0 */
};

/* parameters have passed the check. */
void cdr_number_plan_init(struct cdr_number_plan *plan, const struct cdr_parameters *parameters);

static inline struct cdr_number cdr_number_of(const struct cdr_number_plan *plan, uint32_t kind,
                                              uint32_t low, uint32_t high)
{
    const uint32_t octaves = plan->octaves[kind];
    const uint32_t even = cdr_below(high, plan->count[kind]), ranked = cdr_ranked(high, octaves);
    const uint32_t entry = plan->start[kind] + (octaves != 0 ? ranked : even);
    const uint32_t within = cdr_below(low, plan->span[entry]), american = plan->american[entry];
    struct cdr_number number = {plan->first[entry] + within, plan->len[entry]};
    if (american != 0)
        number.value = plan->first[entry] + within % 10000 +
                       UINT64_C(10000) * cdr_american_end(american, within / 10000);
    return number;
}

/* A number that many people call: its kind, and which one of the caller's four of that kind. */
#define CDR_SERVICES_OF_KIND 4u
static inline uint32_t cdr_service(const struct cdr_number_plan *plan, uint64_t random)
{
    uint32_t kind =
        cdr_threshold_outcome(plan->service_below, CDR_NUMBER_KIND_COUNT, (uint32_t)random);
    return kind * CDR_SERVICES_OF_KIND + (uint32_t)(random >> 62);
}

/* Its number, from 64 random bits of the caller and the service. */
static inline struct cdr_number cdr_service_number(const struct cdr_number_plan *plan,
                                                   uint32_t service, uint64_t random)
{
    return cdr_number_of(plan, service / CDR_SERVICES_OF_KIND, (uint32_t)random,
                         (uint32_t)(random >> 32));
}

/* The number of a contact, from 64 random bits of its own. One that is of no kind that is allowed
 * has a mobile number there. */
static inline struct cdr_number cdr_other_number(const struct cdr_number_plan *plan,
                                                 uint64_t random, uint32_t allowed)
{
    const uint32_t low = (uint32_t)random, high = (uint32_t)(random >> 32);
    uint32_t kind =
        cdr_threshold_outcome(plan->kind_below, CDR_NUMBER_KIND_COUNT, cdr_mix32(low + plan->key));
    kind &= 0u - (allowed >> kind & 1); /* else 0, mobile */
    return cdr_number_of(plan, kind, low, high);
}

/* Of a subscriber's applications that write, 2^octaves − 1, the k-th writes about 1/k as often, and
 * so it is with all of them. */
#define CDR_WRITER_OCTAVES 4u
#define CDR_APPLICATION_OCTAVES 6u

/* The number of one, from 64 random bits of the subscriber and the application: four digits, of
 * which the first is not 0 or 1; in North America five. */
static inline struct cdr_number cdr_application_number(const struct cdr_number_plan *plan,
                                                       uint64_t random)
{
    const uint32_t rank = cdr_ranked((uint32_t)(random >> 32), CDR_APPLICATION_OCTAVES);
    struct cdr_number number = {plan->application_first + (rank + 1) * 1237 % 8000,
                                plan->application_len};
    return number;
}

#endif
