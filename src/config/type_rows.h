/* Rows that there are of each type of record and of each radio access technology. Part of
 * options.c, whose AT they use. */
#ifndef CDR_CONFIG_TYPE_ROWS_H
#define CDR_CONFIG_TYPE_ROWS_H

/* What one radio access technology's sessions are like. */
#define PROFILE(rat, index)                                                                        \
    {.key = "data." rat ".share",                                                                  \
     .type = CDR_OPTION_DECIMAL,                                                                   \
     .group = CDR_GROUP_TABLES,                                                                    \
     AT(model.data[index].share),                                                                  \
     .max = 1e6,                                                                                   \
     .help = "weight of " rat " among data sessions"},                                             \
        {.key = "data." rat ".downlink_mean",                                                      \
         .type = CDR_OPTION_VOLUME,                                                                \
         .group = CDR_GROUP_TABLES,                                                                \
         AT(model.data[index].downlink_mean),                                                      \
         .max = 1e12,                                                                              \
         .help = "mean of the downlink bytes of a session (normal)"},                              \
        {.key = "data." rat ".downlink_sd",                                                        \
         .type = CDR_OPTION_VOLUME,                                                                \
         .group = CDR_GROUP_TABLES,                                                                \
         AT(model.data[index].downlink_sd),                                                        \
         .max = 1e12,                                                                              \
         .help = "their standard deviation"},                                                      \
        {.key = "data." rat ".uplink_ratio_min",                                                   \
         .type = CDR_OPTION_DECIMAL,                                                               \
         .group = CDR_GROUP_TABLES,                                                                \
         AT(model.data[index].uplink_ratio_min),                                                   \
         .max = 10,                                                                                \
         .help = "uplink is downlink times a uniform ratio: its least"},                           \
        {.key = "data." rat ".uplink_ratio_max",                                                   \
         .type = CDR_OPTION_DECIMAL,                                                               \
         .group = CDR_GROUP_TABLES,                                                                \
         AT(model.data[index].uplink_ratio_max),                                                   \
         .max = 10,                                                                                \
         .help = "and its greatest"},                                                              \
        {.key = "data." rat ".duration_mean",                                                      \
         .type = CDR_OPTION_SECONDS_F,                                                             \
         .group = CDR_GROUP_TABLES,                                                                \
         AT(model.data[index].duration_mean_s),                                                    \
         .min = 1,                                                                                 \
         .max = 86400,                                                                             \
         .help = "mean duration of a session (normal)"},                                           \
        {.key = "data." rat ".duration_sd",                                                        \
         .type = CDR_OPTION_SECONDS_F,                                                             \
         .group = CDR_GROUP_TABLES,                                                                \
         AT(model.data[index].duration_sd_s),                                                      \
         .max = 86400,                                                                             \
         .help = "its standard deviation"},                                                        \
    {                                                                                              \
        .key = "data." rat ".cell_share", .type = CDR_OPTION_DECIMAL, .group = CDR_GROUP_TABLES,   \
        AT(model.data[index].cell_share), .max = 1e6, .help = "weight of " rat " among the cells"  \
    }

/* How much there is of a type; and of one of two parties, who begins. */
#define MEAN(TYPE, word, Record, said, parties, holds, records, causes, mean, its_key, its_flag,   \
             counted, ...)                                                                         \
    {.key = its_key,                                                                               \
     .flag = its_flag,                                                                             \
     .value = "X",                                                                                 \
     .type = CDR_OPTION_DECIMAL,                                                                   \
     .group = CDR_GROUP_TRAFFIC,                                                                   \
     .use = CDR_USE_MODEL,                                                                         \
     AT(model.records_per_day[CDR_TYPE_##TYPE]),                                                   \
     .max = 1000,                                                                                  \
     .help = "mean " counted " per subscriber and day"},
#define MO_SHARE(TYPE, word, Record, said, parties, ...) MO_SHARE_##parties(TYPE, word, said)
#define MO_SHARE_ONE(TYPE, word, said)
#define MO_SHARE_TWO(TYPE, word, said)                                                             \
    {.key = "mo_share_" #word,                                                                     \
     .flag = "mo-share-" #word,                                                                    \
     .value = "SHARE",                                                                             \
     .type = CDR_OPTION_DECIMAL,                                                                   \
     .group = CDR_GROUP_TRAFFIC,                                                                   \
     .use = CDR_USE_MODEL,                                                                         \
     AT(model.mo_share[CDR_TYPE_##TYPE]),                                                          \
     .min = 0.01,                                                                                  \
     .max = 1,                                                                                     \
     .help = "share of " said " records that are mobile-originated (MO)"},

#endif
