/* labels: which subscriber has which behaviour, and when. Computed from the settings alone. */
#include "app/app.h"
#include "app/report_file.h"
#include "base/moment.h"

#include <inttypes.h>

/* A time of a behaviour. */
struct label {
    struct cdr_role role;
    uint64_t msisdn;
    char campaign[32], from[16], to[16];
};

static void put_date(int32_t day, char text[16])
{
    const struct cdr_date date = cdr_date_of_day(day);
    snprintf(text, 16, "%04d-%02u-%02u", (int)(date.year % 10000), (unsigned)(date.month % 100),
             (unsigned)(date.day_of_month % 100));
}

static void print_csv(const struct label *label)
{
    printf("%" PRIu64 ",%s,%s,%s,%s,%s\n", label->msisdn,
           cdr_behaviour_label[label->role.behaviour],
           cdr_behaviour_strategy[label->role.behaviour], label->campaign, label->from, label->to);
}

static void print_member(const char *name, const char *value)
{
    if (value[0] != '\0')
        printf(",\"%s\":\"%s\"", name, value);
}

static void print_json(const struct label *label)
{
    printf("{\"msisdn\":\"%" PRIu64 "\"", label->msisdn);
    print_member("label", cdr_behaviour_label[label->role.behaviour]);
    print_member("strategy", cdr_behaviour_strategy[label->role.behaviour]);
    print_member("campaign", label->campaign);
    print_member("from", label->from);
    print_member("to", label->to);
    puts("}");
}

static void print(const struct cdr_model *model, uint32_t subscriber, const struct cdr_role *role,
                  bool json)
{
    struct label label = {.role = *role,
                          .msisdn = cdr_msisdn(&model->identities, subscriber).value};
    cdr_role_campaign(model, role, subscriber, label.campaign);
    if (role->to != 0) {
        put_date(role->from, label.from);
        put_date(role->to, label.to);
    }
    (json ? print_json : print_csv)(&label);
}

/* The times of a subscriber that meet the run's days, in their order. */
static void print_times(const struct cdr_model *model, uint32_t subscriber, bool json)
{
    const int32_t first = model->parameters.start_day,
                  end = first + (int32_t)model->parameters.days;
    for (int32_t day = first; day < end; day++) {
        const struct cdr_role role = cdr_role_ever(model, subscriber, day);
        if (role.behaviour == CDR_BEHAVIOUR_NONE)
            return;
        if (!role.active)
            continue;
        print(model, subscriber, &role, json);
        if (role.to == 0)
            return;
        day = role.to;
    }
}

enum cdr_result cdr_command_labels(const struct cdr_settings *settings, struct cdr_error *error)
{
    struct cdr_model *model;
    enum cdr_result result = cdr_model_create(&model, &settings->model, error);
    if (result != CDR_OK)
        return result;
    if (!settings->json)
        puts("msisdn,label,strategy,campaign,from,to");
    for (uint32_t s = 0; model->behaviours.on && s < model->parameters.subscribers; s++)
        print_times(model, s, settings->json);
    cdr_model_destroy(model);
    return cdr_report_printed(stdout, error);
}
