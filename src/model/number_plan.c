#include "model/number_plan.h"

#include "model/streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPAN_MAX 1000000000u
#define SERVICE_OCTAVES 7u /* 127 free services */
#define SHORT_OCTAVES 5u
#define PREMIUM_OCTAVES 4u
#define COUNTRY_OCTAVES 5u

/* How mobile numbers begin in other countries, and how many digits they have (recalled): those that
 * are called most first. */
static const struct country {
    const char *prefix;
    uint32_t digits;
} countries[(1u << COUNTRY_OCTAVES) - 1] = {
    {"49151", 13}, {"32470", 11},  {"44770", 12}, {"90532", 12}, {"48501", 11},  {"33612", 11},
    {"21266", 12}, {"34612", 11},  {"39333", 12}, {"40721", 11}, {"597868", 10}, {"43664", 12},
    {"35988", 12}, {"41791", 11},  {"35191", 12}, {"45201", 10}, {"46701", 11},  {"30694", 12},
    {"36301", 11}, {"420601", 12}, {"35386", 12}, {"1917", 11},  {"9198", 12},   {"86138", 13},
    {"62812", 13}, {"23480", 13},  {"38591", 12}, {"38067", 12}, {"97150", 12},  {"47901", 10},
    {"61412", 11},
};

/* Country codes have one, two or three digits, and none begins another. */
static uint32_t country_code_len(const char *number)
{
    static const char *const two = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 "
                                   "54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 "
                                   "95 98 ";
    const char code[] = {number[0], number[1], ' ', '\0'};
    if (number[0] == '1' || number[0] == '7')
        return 1;
    return strstr(two, code) != NULL ? 2 : 3;
}

static uint64_t power_of_ten(uint32_t exponent)
{
    uint64_t power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

static bool begins_alike(const char *a, const char *b)
{
    size_t left = strlen(a), right = strlen(b);
    return strncmp(a, b, left < right ? left : right) == 0;
}

static bool is_subscribers(const struct cdr_parameters *p, const char *prefix)
{
    bool found = false;
    for (uint32_t i = 0; i < p->prefix_count; i++)
        found = found || begins_alike(p->prefixes[i], prefix);
    return found;
}

/* Adds an entry of the kind that is being filled. */
static void add(struct cdr_number_plan *plan, uint32_t kind, const char *prefix, uint32_t digits)
{
    const uint32_t given = (uint32_t)strlen(prefix),
                   entry = plan->start[kind] + plan->count[kind]++;
    const uint64_t scale = power_of_ten(digits - given);
    plan->first[entry] = strtoull(prefix, NULL, 10) * scale;
    plan->span[entry] = scale < SPAN_MAX ? (uint32_t)scale : SPAN_MAX;
    plan->len[entry] = digits;
    if (cdr_is_american(prefix, digits)) {
        plan->american[entry] = (uint8_t)given;
        plan->span[entry] = 10000 * cdr_american_count(given);
    }
}

/* The same, of numbers that begin with 2 to 9 after the prefix. */
static void add_local(struct cdr_number_plan *plan, uint32_t kind, const char *prefix,
                      uint32_t digits)
{
    char first[20];
    const uint32_t entry = plan->start[kind] + plan->count[kind];
    snprintf(first, sizeof first, "%s2", prefix);
    add(plan, kind, first, digits);
    plan->span[entry] = plan->span[entry] <= SPAN_MAX / 8 ? 8 * plan->span[entry] : SPAN_MAX;
}

/* The areas of the Netherlands (Nummerplan telefoon- en ISDN-diensten), and the two ranges of
 * numbers that belong to no area. */
static const char dutch_areas[] =
    "10 111 113 114 115 117 118 13 15 161 162 164 165 166 167 168 172 174 180 181 182 183 184 186 "
    "187 20 222 223 224 226 227 228 229 23 24 251 252 255 26 294 297 299 30 313 314 315 316 317 "
    "318 320 321 33 341 342 343 344 345 346 347 348 35 36 38 40 411 412 413 416 418 43 45 46 475 "
    "478 481 485 486 487 488 492 493 495 497 499 50 511 512 513 514 515 516 517 518 519 521 522 "
    "523 524 525 527 528 529 53 541 543 544 545 546 547 548 55 561 562 566 570 571 572 573 575 577 "
    "578 58 591 592 593 594 595 596 597 598 599 70 71 72 73 74 75 76 77 78 79 85 88 ";

/* Areas of North America have mobile and fixed lines. */
static void add_american(struct cdr_number_plan *plan, const struct cdr_parameters *p)
{
    static const char *const areas[] = {"201", "206", "212", "213", "214", "215", "303", "305",
                                        "310", "312", "313", "314", "404", "412", "415", "416",
                                        "503", "504", "512", "514", "602", "604", "612", "617",
                                        "702", "713", "714", "718", "808", "818", "901", "916"};
    for (size_t i = 0; i < sizeof areas / sizeof *areas; i++) {
        char prefix[8];
        snprintf(prefix, sizeof prefix, "1%s", areas[i]);
        if (!is_subscribers(p, prefix))
            add(plan, CDR_NUMBER_FIXED, prefix, p->msisdn_digits);
    }
}

/* Local numbers begin with 2 to 9. Areas of two digits have most of the lines. */
static void add_dutch(struct cdr_number_plan *plan, const struct cdr_parameters *p)
{
    for (const char *area = dutch_areas; *area != '\0'; area = strchr(area, ' ') + 1) {
        const int len = (int)strcspn(area, " ");
        char prefix[16];
        snprintf(prefix, sizeof prefix, "31%.*s", len, area);
        for (int times = len == 2 ? 4 : 1; times > 0 && !is_subscribers(p, prefix); times--)
            add_local(plan, CDR_NUMBER_FIXED, prefix, p->msisdn_digits);
    }
}

/* Areas of two digits whose first one no mobile number has. */
static void add_fixed(struct cdr_number_plan *plan, const struct cdr_parameters *p,
                      const char *country)
{
    bool mobile[10] = {false};
    const size_t len = strlen(country);
    if (strcmp(country, "31") == 0) {
        add_dutch(plan, p);
        return;
    }
    if (strcmp(country, "1") == 0) {
        add_american(plan, p);
        return;
    }
    for (uint32_t i = 0; i < p->prefix_count; i++)
        mobile[p->prefixes[i][len] == '\0' ? 0 : p->prefixes[i][len] - '0'] = true;
    for (uint32_t i = 0; i < p->offnet_prefix_count; i++)
        if (strncmp(p->offnet_prefixes[i], country, len) == 0 && p->offnet_prefixes[i][len] != '\0')
            mobile[p->offnet_prefixes[i][len] - '0'] = true;
    for (int area = 10; area < 80; area++) {
        char prefix[16];
        snprintf(prefix, sizeof prefix, "%s%d", country, area);
        if (!mobile[area / 10] && !is_subscribers(p, prefix))
            add_local(plan, CDR_NUMBER_FIXED, prefix, p->msisdn_digits);
    }
}

/* 2^octaves − 1 numbers of four digits after a prefix; 1237 has no factor of 10,000, so they
 * differ. */
static void add_ranked(struct cdr_number_plan *plan, const struct cdr_parameters *p, uint32_t kind,
                       const char *prefix, uint32_t octaves)
{
    if (is_subscribers(p, prefix))
        return;
    plan->octaves[kind] = octaves;
    const bool american = prefix[0] == '1';
    for (uint32_t k = 1; k < 1u << octaves; k++) {
        char number[32], exchange[4] = "";
        if (american)
            snprintf(exchange, sizeof exchange, "%03u", cdr_american_end(4, k * 37 % 792));
        snprintf(number, sizeof number, "%.12s%s%04u", prefix, exchange, k * 1237 % 10000);
        add(plan, kind, number, (uint32_t)strlen(number));
    }
}

/* A country whose numbers could be subscribers' is left out; the last one stands for those that
 * miss. */
static void add_countries(struct cdr_number_plan *plan, const struct cdr_parameters *p,
                          const char *country)
{
    const uint32_t kind = CDR_NUMBER_INTERNATIONAL, wanted = (1u << COUNTRY_OCTAVES) - 1;
    const struct country *last = NULL;
    for (uint32_t i = 0; i < wanted; i++) {
        if (is_subscribers(p, countries[i].prefix) || begins_alike(countries[i].prefix, country))
            continue;
        last = &countries[i];
        add(plan, kind, last->prefix, last->digits);
    }
    while (last != NULL && plan->count[kind] < wanted)
        add(plan, kind, last->prefix, last->digits);
    plan->octaves[kind] = last != NULL ? COUNTRY_OCTAVES : 0;
}

static void fill(struct cdr_number_plan *plan, const struct cdr_parameters *p, uint32_t kind,
                 const char *country)
{
    char prefix[16];
    switch (kind) {
    case CDR_NUMBER_MOBILE:
        for (uint32_t i = 0; i < p->offnet_prefix_count; i++)
            add(plan, kind, p->offnet_prefixes[i], p->msisdn_digits);
        break;
    case CDR_NUMBER_FIXED:
        add_fixed(plan, p, country);
        break;
    case CDR_NUMBER_SERVICE:
    case CDR_NUMBER_PREMIUM:
        snprintf(prefix, sizeof prefix, "%s%d", country, kind == CDR_NUMBER_SERVICE ? 800 : 900);
        add_ranked(plan, p, kind, prefix,
                   kind == CDR_NUMBER_SERVICE ? SERVICE_OCTAVES : PREMIUM_OCTAVES);
        break;
    case CDR_NUMBER_SHORT:
        plan->octaves[kind] = SHORT_OCTAVES;
        for (uint32_t k = 1; k < 1u << SHORT_OCTAVES; k++) {
            snprintf(prefix, sizeof prefix, "18%02u", k * 37 % 100);
            add(plan, kind, prefix, 4);
        }
        break;
    case CDR_NUMBER_INTERNATIONAL:
        add_countries(plan, p, country);
        break;
    case CDR_NUMBER_VOICEMAIL:
        add(plan, kind, "1233", 4);
        break;
    default:
        add(plan, kind, strcmp(country, "1") == 0 ? "911" : "112", 3);
    }
}

void cdr_number_plan_init(struct cdr_number_plan *plan, const struct cdr_parameters *p)
{
    double weights[CDR_NUMBER_KIND_COUNT], contacts[CDR_NUMBER_KIND_COUNT],
        services[CDR_NUMBER_KIND_COUNT], sum = 0, of_services = 0;
    char country[4] = "";
    memcpy(country, p->prefixes[0], country_code_len(p->prefixes[0]));
    *plan = (struct cdr_number_plan){
        .key = (uint32_t)cdr_draw(cdr_stream(p->seed, CDR_STREAM_OFFNET), CDR_PURPOSE(1)),
    };
    const bool american = strcmp(country, "1") == 0;
    plan->application_first = american ? 20000 : 2000;
    plan->application_len = american ? 5 : 4;
    for (uint32_t kind = 0, entries = 0; kind < CDR_NUMBER_KIND_COUNT; kind++) {
        plan->start[kind] = entries;
        fill(plan, p, kind, country);
        entries += plan->count[kind];
        weights[kind] = plan->count[kind] != 0 ? p->called_numbers[kind] : 0;
        bool contact = (CDR_CONTACT_KINDS >> kind & 1) != 0;
        contacts[kind] = contact ? weights[kind] : 0;
        services[kind] = contact ? 0 : weights[kind];
        sum += weights[kind];
        of_services += services[kind];
    }
    contacts[CDR_NUMBER_MOBILE] = sum > of_services ? contacts[CDR_NUMBER_MOBILE] : 1;
    services[CDR_NUMBER_EMERGENCY] = of_services > 0 ? services[CDR_NUMBER_EMERGENCY] : 1;
    plan->services = sum > 0 ? of_services / sum : 0;
    cdr_thresholds_init(plan->kind_below, contacts, CDR_NUMBER_KIND_COUNT);
    cdr_thresholds_init(plan->service_below, services, CDR_NUMBER_KIND_COUNT);
}
