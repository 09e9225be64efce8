/* Behaviours: subscribers that do something known, with a label, as a pure function of
 * (subscriber, day). Off by default.
 *
 * Each behaviour has a share of the subscribers, drawn from a stream of its own with a number of
 * its own: behaviours do not depend on one another, and who behaves so at a share of 1 % does at
 * 2 %. A subscriber has one behaviour at most. Switching one on takes subscribers from the rows
 * after it, and gives none to any.
 *
 * What somebody does in a slot is a list of acts. Acts of calls are part of the subscriber's own
 * timeline (event.h), so that anybody finds them there and nobody does two things at once. Acts
 * have indices that no event of an ordinary slot reaches, so whoever does something besides its
 * own life has the same events as without. An act's other party, where it is a subscriber, is
 * not among the contacts: who traces somebody has to look at everybody whose behaviour calls. */
#ifndef CDR_MODEL_BEHAVIOUR_H
#define CDR_MODEL_BEHAVIOUR_H

#include "base/hash.h"
#include "base/result.h"
#include "model/behaviour_table.h"
#include "model/identity.h"
#include "model/tables.h"

#include <stdbool.h>
#include <stdint.h>

struct cdr_model;
struct cdr_near_slot;

#define CDR_FRAUD_RANGES 3u

struct cdr_behaviours {
    bool on; /* some share is above 0 */
    uint64_t stream;
    uint8_t *of;                             /* by subscriber: enum cdr_behaviour; NULL where off */
    uint32_t fraud_ranges[CDR_FRAUD_RANGES]; /* country codes that calls are lured to */
};

/* Of a subscriber on a day. */
struct cdr_role {
    uint32_t behaviour; /* CDR_BEHAVIOUR_NONE: none today, unless it does nothing between times */
    bool active;
    int32_t from, to; /* first and last day of this time; 0 where always */
    uint64_t base;    /* of the subscriber's draws */
};

/* Acts of a slot are at most so many; those of who has a life besides, fewer. */
#define CDR_ACTS_MAX 1023u
#define CDR_ACTS_BESIDE_MAX 64u
#define CDR_ACT_INDEX_LAST 1022u

struct cdr_act {
    int64_t offset_ms; /* from the start of the slot */
    uint32_t type, party, outcome, duration_s;
};

struct cdr_acts {
    uint32_t n;
    struct cdr_act items[CDR_ACTS_MAX];
};

/* By enum cdr_behaviour less one, ended by NULL. */
extern const char *const cdr_behaviour_name[CDR_BEHAVIOUR_COUNT + 1];
extern const char *const cdr_behaviour_help[CDR_BEHAVIOUR_COUNT];
/* By enum cdr_behaviour: CDR_BEHAVIOUR_NONE has "none", "" and no traits. */
extern const char *const cdr_behaviour_label[CDR_BEHAVIOUR_END];
extern const char *const cdr_behaviour_strategy[CDR_BEHAVIOUR_END];
extern const unsigned cdr_behaviour_traits[CDR_BEHAVIOUR_END];

/* CDR_E_NOMEM. */
enum cdr_result cdr_behaviours_create(struct cdr_behaviours *behaviours,
                                      const struct cdr_parameters *parameters,
                                      struct cdr_error *error);
void cdr_behaviours_free(struct cdr_behaviours *behaviours);

/* Shares and what behaviours need. CDR_E_CONFIG. */
enum cdr_result cdr_behaviours_check(const struct cdr_parameters *parameters,
                                     struct cdr_error *error);

/* Records more, or fewer, a subscriber and day, in the mean; usual: what an ordinary one has. */
double cdr_behaviours_expected(const struct cdr_parameters *parameters, double usual);

/* Where behaviours are on. Of the behaviour that the subscriber has, whether it is active on a day
 * or not; CDR_BEHAVIOUR_NONE: it has none. day: local, days since 1970-01-01. */
struct cdr_role cdr_role_ever(const struct cdr_model *model, uint32_t subscriber, int32_t day);

/* What the subscriber is on a day: CDR_BEHAVIOUR_NONE also between two times of a behaviour, unless
 * it does nothing then. */
struct cdr_role cdr_role_found(const struct cdr_model *model, uint32_t subscriber, int32_t day);

static inline bool cdr_role_has(const struct cdr_role *role, unsigned traits)
{
    return (cdr_behaviour_traits[role->behaviour] & traits) != 0;
}

/* Whether an event of a subscriber in a role is the behaviour's. Sessions are where it has no other
 * life. */
static inline bool cdr_role_owns(const struct cdr_role *role, bool session, uint32_t index)
{
    return cdr_role_has(role, CDR_BEHAVIOUR_INSTEAD | CDR_BEHAVIOUR_FADES) ||
           (role->behaviour != CDR_BEHAVIOUR_NONE && !session &&
            index > CDR_ACT_INDEX_LAST - CDR_ACTS_BESIDE_MAX);
}

/* What somebody in a role begins in a slot: calls and messages that have the indices from
 * CDR_ACT_INDEX_LAST down, in this order, or sessions, from the last index of all down. */
void cdr_acts_of(const struct cdr_model *model, const struct cdr_role *role, uint32_t subscriber,
                 const struct cdr_near_slot *slot, struct cdr_acts *acts);

/* The subscriber that an act is to, of the draws of its event. */
uint32_t cdr_act_callee(const struct cdr_model *model, const struct cdr_role *role,
                        uint32_t subscriber, uint64_t base);

/* The number in another network that an act is to, or from. */
struct cdr_number cdr_act_number(const struct cdr_model *model, const struct cdr_role *role,
                                 uint32_t subscriber, uint64_t base);

/* Where somebody in a role that stays is on a day. */
uint32_t cdr_role_position(const struct cdr_model *model, const struct cdr_role *role,
                           uint32_t subscriber, int32_t day);

/* Bytes of a session of an act. */
struct cdr_act_volume {
    uint32_t in, out; /* uplink, downlink */
};
struct cdr_act_volume cdr_act_volumes(uint64_t base);

/* Changes imsi and the first 14 digits of the IMEI where the role has others. class: as of
 * cdr_imei14. */
void cdr_role_identity(const struct cdr_model *model, const struct cdr_role *role,
                       uint32_t subscriber, uint32_t class, struct cdr_imsi *imsi,
                       uint64_t *imei14);

/* Whether calls and messages to a subscriber take place on a day. */
bool cdr_role_reached(const struct cdr_model *model, uint32_t subscriber, int32_t day);
/* Whether an event of a subscriber's, with these draws, takes place, for all that fades. */
bool cdr_role_keeps(const struct cdr_model *model, uint32_t subscriber, int32_t day, uint64_t base);

/* The campaign or gateway that somebody in a role belongs to, as a word; "" for none. */
void cdr_role_campaign(const struct cdr_model *model, const struct cdr_role *role,
                       uint32_t subscriber, char text[32]);

#endif
