/* Behaviours with a label: a row each. Names, options, labels, messages and documents follow
 * from the rows.
 *
 * X(ID, name, number, label, strategy, period, least, most, traits, records, what it is). The
 * number names the behaviour in draws: it is never reused or changed. A subscriber behaves so
 * for least to most whole days, once in every period of days, which begins on a day of its own;
 * period 0 means always. records: of a day of it, roughly, those of other subscribers included.
 * Of the behaviours that a subscriber drew, the first row wins. */
#ifndef CDR_MODEL_BEHAVIOUR_TABLE_H
#define CDR_MODEL_BEHAVIOUR_TABLE_H

enum cdr_behaviour_trait {
    CDR_BEHAVIOUR_INSTEAD = 1u << 0,     /* the subscriber does nothing else meanwhile */
    CDR_BEHAVIOUR_ONLY = 1u << 1,        /* nor between two times of it */
    CDR_BEHAVIOUR_UNREACHABLE = 1u << 2, /* nobody calls it or writes to it meanwhile */
    CDR_BEHAVIOUR_STAYS = 1u << 3,       /* it is at one place all day */
    CDR_BEHAVIOUR_CALLS = 1u << 4,  /* it calls or writes to subscribers that are no contacts */
    CDR_BEHAVIOUR_FADES = 1u << 5,  /* own events become fewer before the customer leaves */
    CDR_BEHAVIOUR_DEVICE = 1u << 6, /* its IMEI is of a device that is no subscriber's */
    CDR_BEHAVIOUR_SIM = 1u << 7,    /* its IMSI is another one */
};

/* clang-format off */
#define CDR_BEHAVIOURS(X)                                                                          \
    X(SIMBOX_NAIVE, simbox_naive, 1, simbox, naive, 14, 2, 10,                                     \
      CDR_BEHAVIOUR_INSTEAD | CDR_BEHAVIOUR_ONLY | CDR_BEHAVIOUR_UNREACHABLE |                     \
          CDR_BEHAVIOUR_STAYS | CDR_BEHAVIOUR_CALLS | CDR_BEHAVIOUR_DEVICE, 465,                   \
      "a SIM in a SIM box: some 250 calls a day at one site, each to somebody else")               \
    X(SIMBOX_ROTATING, simbox_rotating, 2, simbox, rotating, 14, 4, 12,                            \
      CDR_BEHAVIOUR_INSTEAD | CDR_BEHAVIOUR_ONLY | CDR_BEHAVIOUR_UNREACHABLE |                     \
          CDR_BEHAVIOUR_STAYS | CDR_BEHAVIOUR_CALLS | CDR_BEHAVIOUR_DEVICE, 90,                    \
      "a SIM in a SIM box that uses it for some hours a day, at another site each day")            \
    X(SIMBOX_MIMIC, simbox_mimic, 3, simbox, mimic, 28, 7, 21, CDR_BEHAVIOUR_CALLS, 14,            \
      "a SIM in a SIM box that lives as a subscriber does and makes some 8 calls a day besides, "  \
      "most of them to the same numbers")                                                          \
    X(IRSF, irsf, 4, irsf, , 90, 2, 5, 0, 12,                                                      \
      "calls of 10 to 55 minutes to three ranges of numbers abroad, one after the other, in "      \
      "several nights")                                                                            \
    X(WANGIRI, wangiri, 5, wangiri, , 14, 1, 1, 0, 1,                                              \
      "who is called from abroad and hears a ring of 1 to 3 s; of a hundred three call back")      \
    X(TELEMARKETER, telemarketer, 6, telemarketer, , 0, 0, 0,                                      \
      CDR_BEHAVIOUR_INSTEAD | CDR_BEHAVIOUR_STAYS | CDR_BEHAVIOUR_CALLS, 168,                      \
      "some 120 calls on a working day, each to somebody else")                                    \
    X(CALL_CENTRE, call_centre, 7, call_centre, , 0, 0, 0,                                         \
      CDR_BEHAVIOUR_INSTEAD | CDR_BEHAVIOUR_STAYS | CDR_BEHAVIOUR_CALLS, 135,                      \
      "a line that answers some 100 calls a day from other networks, and calls a third as many "   \
      "subscribers")                                                                               \
    X(METER, meter, 8, meter, , 0, 0, 0,                                                           \
      CDR_BEHAVIOUR_INSTEAD | CDR_BEHAVIOUR_UNREACHABLE | CDR_BEHAVIOUR_STAYS, 35,                 \
      "a machine that reports 0.2 to 5 kB every quarter hour, hour or day")                        \
    X(A2P, a2p, 9, a2p, , 0, 0, 0,                                                                 \
      CDR_BEHAVIOUR_INSTEAD | CDR_BEHAVIOUR_UNREACHABLE | CDR_BEHAVIOUR_STAYS |                    \
          CDR_BEHAVIOUR_CALLS, 2470,                                                               \
      "a sender of messages of applications: some 1,100 a day, many of them in campaigns")         \
    X(SIM_SWAP, sim_swap, 10, sim_swap, , 180, 1, 1,                                               \
      CDR_BEHAVIOUR_INSTEAD | CDR_BEHAVIOUR_UNREACHABLE | CDR_BEHAVIOUR_STAYS |                    \
          CDR_BEHAVIOUR_DEVICE | CDR_BEHAVIOUR_SIM, 14,                                            \
      "somebody else has the number for a day, with another SIM and device, and gets codes by SMS")\
    X(CHURNER, churner, 11, churner, , 0, 0, 0, CDR_BEHAVIOUR_FADES, 0,                            \
      "who does less and less in the 30 days before leaving; needs leave_prob")
/* clang-format on */

#define CDR_BEHAVIOUR_ID(ID, ...) CDR_BEHAVIOUR_##ID,
enum cdr_behaviour {
    CDR_BEHAVIOUR_NONE,
    CDR_BEHAVIOURS(CDR_BEHAVIOUR_ID) CDR_BEHAVIOUR_END,
    CDR_BEHAVIOUR_COUNT = CDR_BEHAVIOUR_END - 1, /* those with a label */
};
#undef CDR_BEHAVIOUR_ID

#endif
