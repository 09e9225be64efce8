/* Contacts: a social graph that is computed, never stored.
 *
 * Contact slot j of subscriber A is an involution of the index, so B = contact(A, j) has A in its own slot j: ties are mutual by
 * construction and everybody who can call B is found by scanning B's own slots.
 *   slots 0 … 2    family: the others of a clique of four
 *   slots 3 … 9    colleagues: of a clique of eight
 *   slots 10 … 24  community: of a clique of sixteen
 *   slots 25 …     far ties: x → (c_j − x) mod subscribers. Two reflections do not commute, so far ties close no
 *                  4-cycles (XOR masks do), they exist for every number of subscribers, and join any degree to any.
 * Cliques are groups of neighbours after the low 8, 10, 12 bits of the index have been permuted by a bijection keyed
 * by the bits above: x → permute, XOR 1 … 15, permute back.
 *
 * A subscriber uses as many slots as its degree, with Zipf weights of an exponent and a rank order of its own; strong ranks stay
 * among the small slots, so that strong ties lie inside of communities (Onnela 2007). In the last group of an index space that is
 * no multiple of the group, some contacts do not exist: the caller draws again from its own slots, at last off-net.
 */
#ifndef CDR_MODEL_CONTACTS_H
#define CDR_MODEL_CONTACTS_H

#include "base/hash.h"
#include "model/parameters.h"
#include "model/tables.h"
#include "model/traits.h"

#include <stdint.h>

#define CDR_CONTACT_COORDINATES 3u
#define CDR_CONTACT_NEAR 25u   /* slots before the far ties */
#define CDR_CONTACT_EXPONENTS 4u
#define CDR_CONTACT_DRAWS 4u   /* draws before an event goes off-net */
#define CDR_CONTACT_NONE UINT32_MAX

struct cdr_coordinate {
    uint64_t stream;
    uint32_t bits, shift; /* group = index >> bits */
    uint32_t multiplier[2], inverse[2];
};

struct cdr_contacts {
    uint32_t subscribers;
    uint64_t rank_stream;
    struct cdr_coordinate coordinates[CDR_CONTACT_COORDINATES];
    uint8_t slot_coordinate[CDR_CONTACT_NEAR], slot_mask[CDR_CONTACT_NEAR];
    uint32_t reflections[2 * CDR_DEGREE_MAX];
    struct cdr_alias *ranks; /* tables of all exponents and degree classes behind one another */
    uint32_t rank_start[CDR_CONTACT_EXPONENTS][CDR_DEGREE_CLASSES];
    uint16_t degree[CDR_DEGREE_CLASSES];
};

enum cdr_result cdr_contacts_create(struct cdr_contacts *contacts, const struct cdr_parameters *parameters,
                                    const struct cdr_traits *traits, struct cdr_error *error);
void cdr_contacts_free(struct cdr_contacts *contacts);

static inline uint32_t cdr_coordinate_partner(const struct cdr_coordinate *c, uint32_t index, uint32_t mask)
{
    uint32_t all = (1u << c->bits) - 1, group = index >> c->bits;
    uint64_t keys = cdr_mix(group ^ c->stream);
    uint32_t first = (uint32_t)keys, second = (uint32_t)(keys >> 32);
    uint32_t y = ((index & all) * c->multiplier[0] + first) & all;
    y ^= y >> c->shift;
    y = (y * c->multiplier[1] + second) & all;
    y ^= y >> c->shift;
    y ^= mask;
    y ^= y >> c->shift;
    y = ((y - second) * c->inverse[1]) & all;
    y ^= y >> c->shift;
    y = ((y - first) * c->inverse[0]) & all;
    return group << c->bits | y;
}

/* The contact in a slot, or CDR_CONTACT_NONE where there is none. Involution: contact(contact(A, j), j) = A. */
static inline uint32_t cdr_contact(const struct cdr_contacts *contacts, uint32_t subscriber, uint32_t slot)
{
    uint32_t partner;
    if (slot < CDR_CONTACT_NEAR) {
        const struct cdr_coordinate *c = &contacts->coordinates[contacts->slot_coordinate[slot]];
        partner = cdr_coordinate_partner(c, subscriber, contacts->slot_mask[slot]);
    } else {
        uint32_t at = contacts->reflections[slot];
        partner = at >= subscriber ? at - subscriber : at + contacts->subscribers - subscriber;
    }
    return partner < contacts->subscribers && partner != subscriber ? partner : CDR_CONTACT_NONE;
}

/* Rank of a contact (0 = strongest) drawn by 32 random bits; degree_class of the subscriber. */
static inline uint32_t cdr_contact_rank(const struct cdr_contacts *contacts, uint64_t rank_traits,
                                        uint32_t degree_class, uint32_t random)
{
    uint32_t exponent = (uint32_t)(rank_traits >> 62);
    const struct cdr_alias *table = contacts->ranks + contacts->rank_start[exponent][degree_class];
    return cdr_alias_sample(table, contacts->degree[degree_class], random);
}

/* The slot of a rank in a subscriber's own order: a permutation within [0, 8), [8, 16), [16, 32) … */
static inline uint32_t cdr_rank_slot(uint64_t rank_traits, uint32_t rank)
{
    uint32_t block = 4;
    while (block * 2 <= rank)
        block *= 2;
    uint32_t mask = rank < 8 ? 7 : block - 1;
    return rank ^ ((uint32_t)rank_traits & mask);
}

static inline uint64_t cdr_rank_traits(const struct cdr_contacts *contacts, uint32_t subscriber)
{
    return cdr_mix(subscriber ^ contacts->rank_stream);
}

#endif
