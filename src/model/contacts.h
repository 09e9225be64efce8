/* Contacts: a social graph that is computed, never stored.
 *
 * Contact slot j of subscriber A is an involution of the index, so B = contact(A, j) has A in its
 * own slot j: ties are mutual by construction and a scan of B's own slots finds everybody that can
 * call B.
 *   slots 0 … 2    family: the others of a clique of four
 *   slots 3 … 9    colleagues: of a clique of eight
 *   slots 10 … 24  community: of a clique of sixteen
 *   slots 25 …     far ties: x → (c_j − x) mod subscribers. Two reflections do not commute, so far
 *                  ties close no 4-cycles (XOR masks do), they exist for every number of
 *                  subscribers, and join any degree to any.
 * Cliques are groups of neighbours after the low 8, 10, 12 bits of the index have been permuted by
 * a bijection keyed by the bits above: x → permute, XOR 1 … 15, permute back.
 *
 * A subscriber uses as many slots as its degree, with Zipf–Mandelbrot weights of an exponent and a
 * rank order of its own; strong ranks stay among the small slots, so that strong ties lie inside of
 * communities (Onnela 2007). Whom it calls is drawn by rank and then taken or drawn again: the more
 * active a contact is, the likelier it is taken, and one that has not the caller among its own
 * slots is taken seldom. So callers get called back, and subscribers that call much are called
 * much. In the last group of an index space that is no multiple of the group, some contacts do not
 * exist and are drawn again too; where no draw gives one that exists, it is the first far tie. Only
 * a single subscriber has nobody to call on-net.
 */
#ifndef CDR_MODEL_CONTACTS_H
#define CDR_MODEL_CONTACTS_H

#include "base/hash.h"
#include "model/parameters.h"
#include "model/tables.h"
#include "model/traits.h"

#include <stdint.h>

#define CDR_CONTACT_COORDINATES 3u
#define CDR_CONTACT_NEAR 25u /* slots before the far ties */
#define CDR_CONTACT_EXPONENTS 4u
#define CDR_CONTACT_DRAWS 8u /* after as many, the first that existed is taken, or a far tie */
#define CDR_CONTACT_NONE UINT32_MAX

/* Columns by coordinate, so that loops can gather. */
struct cdr_coordinates {
    uint64_t stream;
    uint32_t all[CDR_CONTACT_COORDINATES]; /* mask of the bits that are permuted */
    uint32_t shift[CDR_CONTACT_COORDINATES];
    uint32_t multiplier_1[CDR_CONTACT_COORDINATES], inverse_1[CDR_CONTACT_COORDINATES];
    uint32_t multiplier_2[CDR_CONTACT_COORDINATES], inverse_2[CDR_CONTACT_COORDINATES];
};

struct cdr_contacts {
    uint32_t subscribers;
    uint64_t rank_stream;
    struct cdr_coordinates coordinates;
    uint32_t slot_coordinate[CDR_CONTACT_NEAR], slot_mask[CDR_CONTACT_NEAR];
    uint32_t reflections[2 * CDR_DEGREE_MAX];
    struct cdr_alias *ranks; /* tables of all exponents and degree classes, one after another */
    uint32_t rank_start[CDR_CONTACT_EXPONENTS * CDR_DEGREE_CLASSES];
    uint32_t degree[CDR_DEGREE_CLASSES];
    uint32_t taken_below
        [2 * CDR_ACTIVITY_CLASSES]; /* [mutual × classes + class of the called]: thresholds */
};

enum cdr_result cdr_contacts_create(struct cdr_contacts *contacts,
                                    const struct cdr_parameters *parameters,
                                    const struct cdr_traits *traits, struct cdr_error *error);
void cdr_contacts_free(struct cdr_contacts *contacts);

/* The contact in a slot, or CDR_CONTACT_NONE where there is none. Involution: contact(contact(A,
 * j), j) = A. Both kinds of slots are computed and one is kept, so that loops over it vectorise. */
static inline uint32_t cdr_contact(const struct cdr_contacts *contacts, uint32_t subscriber,
                                   uint32_t slot)
{
    const struct cdr_coordinates *c = &contacts->coordinates;
    uint32_t near_slot = slot < CDR_CONTACT_NEAR ? slot : 0;
    uint32_t k = contacts->slot_coordinate[near_slot];
    uint32_t all = c->all[k], shift = c->shift[k], group = subscriber & ~all;
    uint64_t keys = cdr_mix(((uint64_t)k << 32 | group) ^ c->stream);
    uint32_t first = (uint32_t)keys, second = (uint32_t)(keys >> 32);
    uint32_t y = ((subscriber & all) * c->multiplier_1[k] + first) & all;
    y ^= y >> shift;
    y = (y * c->multiplier_2[k] + second) & all;
    y ^= y >> shift;
    y ^= contacts->slot_mask[near_slot];
    y ^= y >> shift;
    y = ((y - second) * c->inverse_2[k]) & all;
    y ^= y >> shift;
    y = ((y - first) * c->inverse_1[k]) & all;
    uint32_t at = contacts->reflections[slot];
    uint32_t far = at - subscriber + (at >= subscriber ? 0 : contacts->subscribers);
    uint32_t partner = slot < CDR_CONTACT_NEAR ? (group | y) : far;
    return partner < contacts->subscribers && partner != subscriber ? partner : CDR_CONTACT_NONE;
}

/* Rank of a contact (0 = strongest) drawn by 32 random bits; exponent and degree_class of the
 * subscriber. */
static inline uint32_t cdr_contact_rank(const struct cdr_contacts *contacts, uint32_t exponent,
                                        uint32_t degree_class, uint32_t random)
{
    uint32_t n = contacts->degree[degree_class];
    uint64_t product = (uint64_t)random * n;
    uint32_t start = contacts->rank_start[exponent * CDR_DEGREE_CLASSES + degree_class];
    uint32_t own = (uint32_t)(product >> 32);
    uint32_t threshold = contacts->ranks[start + own].threshold,
             other = contacts->ranks[start + own].other;
    return (uint32_t)product < threshold ? own : other;
}

/* The slot of a rank in a subscriber's own order: a permutation within [0, 8), [8, 16), [16, 32)
 * … */
static inline uint32_t cdr_rank_slot(uint32_t rank_traits_low, uint32_t rank)
{
    uint32_t mask = rank >> 1; /* all ones below the highest bit of rank */
    mask |= mask >> 1;
    mask |= mask >> 2;
    mask |= mask >> 4;
    mask |= mask >> 8;
    return rank ^ (rank_traits_low & (mask | 7));
}

static inline uint64_t cdr_rank_traits(const struct cdr_contacts *contacts, uint32_t subscriber)
{
    return cdr_mix(subscriber ^ contacts->rank_stream);
}

#endif
