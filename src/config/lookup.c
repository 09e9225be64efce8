/* Finding options by their names. */
#include "config/option.h"

#include <ctype.h>
#include <string.h>

const struct cdr_option *cdr_option_by_key(const char *key)
{
    for (size_t i = 0; i < cdr_option_count; i++) {
        const struct cdr_option *option = &cdr_options[i];
        if ((option->key != NULL && strcmp(option->key, key) == 0) ||
            (option->also != NULL && strcmp(option->also, key) == 0))
            return option;
    }
    return NULL;
}

const struct cdr_option *cdr_option_by_letter(char letter)
{
    for (size_t i = 0; i < cdr_option_count; i++)
        if (cdr_options[i].letter == letter)
            return &cdr_options[i];
    return NULL;
}

const struct cdr_topic_settings *cdr_settings_topic(const struct cdr_settings *settings,
                                                    const char *label)
{
    size_t i = 0;
    while (strcmp(cdr_topic_labels[i], label) != 0)
        i++;
    return &settings->topics[i];
}

/* Whether name is the key, in whatever case and with whatever between the words. */
static bool means(const char *name, const char *key)
{
    while (*key != '\0' &&
           *key == (*name == '-' || *name == '.' ? '_' : tolower((unsigned char)*name)))
        key++, name++;
    return *key == '\0' && *name == '\0';
}

/* Letter by letter these are far from what they mean. */
const char *cdr_option_meant(const char *name)
{
    static const char *const words[][2] = {{"registry_url", "registry"},
                                           {"schema_registry", "registry"},
                                           {"schema_registry_url", "registry"},
                                           {"output", "out"},
                                           {"output_dir", "out"},
                                           {"output_folder", "out"},
                                           {"folder", "out"},
                                           {"timezone", "tz"},
                                           {"time_zone", "tz"},
                                           {"zone", "tz"},
                                           {"compression", "compress"},
                                           {"bootstrap_server", "brokers"},
                                           {"bootstrap", "brokers"},
                                           {"broker_list", "brokers"},
                                           {"kafka_brokers", "brokers"},
                                           {"servers", "brokers"},
                                           {"users", "subs"},
                                           {"threads", "workers"},
                                           {"jobs", "workers"},
                                           {"destination", "sink"},
                                           {"prefix", "topic_prefix"},
                                           {"topics_prefix", "topic_prefix"},
                                           {"silent", "quiet"},
                                           {"replication_factor", "replication"},
                                           {"retention", "retention_ms"},
                                           {"config_file", "config"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (means(name, words[i][0]))
            return words[i][1];
    for (size_t i = 0; i < cdr_option_count; i++)
        for (const char *const *of = cdr_options[i].names; of != NULL && *of != NULL; of++) {
            char joined[80];
            snprintf(joined, sizeof joined, "%s_%s", cdr_options[i].key, *of);
            if (means(name, joined))
                return cdr_options[i].key;
        }
    return NULL;
}

static bool same(const char *flag, const char *name, size_t len)
{
    return flag != NULL && strncmp(flag, name, len) == 0 && flag[len] == '\0';
}

const struct cdr_option *cdr_option_by_flag(const char *name, size_t len, bool *negated)
{
    *negated = false;
    for (size_t i = 0; i < cdr_option_count; i++)
        if (same(cdr_options[i].flag, name, len) || same(cdr_options[i].flag_also, name, len))
            return &cdr_options[i];
    if (len < 4 || strncmp(name, "no-", 3) != 0)
        return NULL;
    for (size_t i = 0; i < cdr_option_count; i++)
        if (cdr_options[i].type == CDR_OPTION_BOOLEAN &&
            (same(cdr_options[i].flag, name + 3, len - 3) ||
             same(cdr_options[i].flag_also, name + 3, len - 3))) {
            *negated = true;
            return &cdr_options[i];
        }
    return NULL;
}

bool cdr_option_environment_name(const char *key, char *name, size_t name_max)
{
    static const char prefix[] = "CDRGEN_";
    size_t len = sizeof prefix - 1, key_len = strlen(key);
    if (len + key_len >= name_max)
        return false;
    memcpy(name, prefix, len);
    for (size_t i = 0; i <= key_len; i++)
        name[len + i] = key[i] == '.' ? '_' : (char)toupper((unsigned char)key[i]);
    return true;
}
