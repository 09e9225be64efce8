#include "model/contacts.h"

#include "base/math.h"
#include "model/streams.h"

#include <stdlib.h>

#define LEAST_TAKEN 0.15
#define ONE_WAY 0.1

/* The inverse of an odd number modulo 2^32, by Newton's iteration. */
static uint32_t inverse_of(uint32_t odd)
{
    uint32_t inverse = odd;
    for (int i = 0; i < 5; i++)
        inverse *= 2 - odd * inverse;
    return inverse;
}

static void init_coordinate(struct cdr_coordinates *c, uint32_t k, uint32_t bits, uint64_t stream)
{
    c->all[k] = (1u << bits) - 1;
    c->shift[k] = (bits + 1) / 2; /* then x ^= x >> shift undoes itself */
    c->multiplier_1[k] = (uint32_t)cdr_draw(stream, CDR_PURPOSE(1)) | 1;
    c->multiplier_2[k] = (uint32_t)cdr_draw(stream, CDR_PURPOSE(2)) | 1;
    c->inverse_1[k] = inverse_of(c->multiplier_1[k]);
    c->inverse_2[k] = inverse_of(c->multiplier_2[k]);
}

static void init_slots(struct cdr_contacts *contacts, uint64_t stream)
{
    static const uint32_t clique_size[CDR_CONTACT_COORDINATES] = {4, 8, 16};
    static const uint32_t coordinate_bits[CDR_CONTACT_COORDINATES] = {8, 10, 12};
    uint32_t bits = 4; /* enough for the masks; more as the subscribers need */
    while (bits < 30 && (1u << bits) < contacts->subscribers)
        bits++;
    uint32_t slot = 0;
    contacts->coordinates.stream = cdr_draw(stream, CDR_PURPOSE(2));
    for (uint32_t i = 0; i < CDR_CONTACT_COORDINATES; i++) {
        uint32_t own_bits = coordinate_bits[i] < bits ? coordinate_bits[i] : bits;
        init_coordinate(&contacts->coordinates, i, own_bits, cdr_draw(stream, CDR_PURPOSE(16 + i)));
        for (uint32_t mask = 1; mask < clique_size[i]; mask++, slot++) {
            contacts->slot_coordinate[slot] = i;
            contacts->slot_mask[slot] = mask;
        }
    }
    for (; slot < 2 * CDR_DEGREE_MAX; slot++)
        contacts->reflections[slot] = cdr_below(
            (uint32_t)(cdr_draw(stream, CDR_PURPOSE(64 + slot)) >> 32), contacts->subscribers);
}

/* Weights (rank + 4)^−s, a Zipf–Mandelbrot law. s is the subscriber's own, and smaller for one that
 * has many contacts: it spreads its calls more evenly. */
static enum cdr_result init_ranks(struct cdr_alias *table, uint32_t exponent, uint32_t degree,
                                  struct cdr_error *error)
{
    double weights[CDR_DEGREE_MAX];
    double s = 1.3 + 0.3 * exponent - 0.3 * cdr_log(degree / 20.0);
    s = s > 0.5 ? s : 0.5;
    for (uint32_t rank = 0; rank < degree; rank++)
        weights[rank] = cdr_pow(rank + 4, -s);
    return cdr_alias_init(table, weights, degree, error);
}

/* How likely a drawn contact is taken: the more active it is, from LEAST_TAKEN up to 1; over a
 * one-way tie, ONE_WAY times that. */
static void init_taken(struct cdr_contacts *contacts)
{
    for (uint32_t c = 0; c < CDR_ACTIVITY_CLASSES; c++) {
        double share = LEAST_TAKEN + (1 - LEAST_TAKEN) *
                                         (c < CDR_ACTIVITY_BULK ? c : CDR_ACTIVITY_BULK) /
                                         CDR_ACTIVITY_BULK;
        contacts->taken_below[CDR_ACTIVITY_CLASSES + c] = cdr_share_threshold(share);
        contacts->taken_below[c] = cdr_share_threshold(ONE_WAY * share);
    }
}

enum cdr_result cdr_contacts_create(struct cdr_contacts *contacts,
                                    const struct cdr_parameters *parameters,
                                    const struct cdr_traits *traits, struct cdr_error *error)
{
    *contacts = (struct cdr_contacts){.subscribers = parameters->subscribers};
    uint64_t stream = cdr_stream(parameters->seed, CDR_STREAM_CONTACT);
    contacts->rank_stream = cdr_draw(stream, CDR_PURPOSE(1));
    init_slots(contacts, stream);
    uint32_t entries = 0;
    for (uint32_t d = 0; d < CDR_DEGREE_CLASSES; d++) {
        contacts->degree[d] = traits->degree[d];
        entries += traits->degree[d];
    }
    contacts->ranks = calloc((size_t)entries * CDR_CONTACT_EXPONENTS, sizeof *contacts->ranks);
    if (contacts->ranks == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory for the tables of contact ranks");
    enum cdr_result result = CDR_OK;
    for (uint32_t e = 0, start = 0; e < CDR_CONTACT_EXPONENTS; e++) {
        for (uint32_t d = 0; result == CDR_OK && d < CDR_DEGREE_CLASSES; d++) {
            contacts->rank_start[e * CDR_DEGREE_CLASSES + d] = start;
            result = init_ranks(contacts->ranks + start, e, traits->degree[d], error);
            start += traits->degree[d];
        }
    }
    init_taken(contacts);
    if (result != CDR_OK)
        cdr_contacts_free(contacts);
    return result;
}

void cdr_contacts_free(struct cdr_contacts *contacts)
{
    free(contacts->ranks);
    contacts->ranks = NULL;
}
