#include "config/config_file.h"

#include "base/parse.h"
#include "base/suggest.h"
#include "config/json_line.h"
#include "config/properties.h"
#include "config/secret.h"
#include "config/text_file.h"

#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (16u << 20)
#define DEPTH_MAX 4

struct config_file {
    struct cdr_loading *loading;
    const char *path;
    const char *text;
    bool *seen; /* by option */
    struct cdr_json_step steps[DEPTH_MAX + 1];
    size_t depth;
};

/* "demo.json:12: data.LTE.share", with the member or [index] of the current key, if any. */
static void locate(void *context, const char *member, int index, char *where, size_t where_max)
{
    struct config_file *file = context;
    struct cdr_json_step steps[DEPTH_MAX + 2];
    char key[300] = "", quoted[72];
    size_t count = file->depth, len = 0;
    memcpy(steps, file->steps, sizeof file->steps);
    if (member != NULL || index >= 0)
        steps[count++] = (struct cdr_json_step){.key = member, .index = index};
    for (size_t i = 0; i < count && len < sizeof key; i++)
        if (steps[i].key != NULL)
            len += (size_t)snprintf(key + len, sizeof key - len, "%s%s", i > 0 ? "." : "",
                                    steps[i].key);
        else
            len += (size_t)snprintf(key + len, sizeof key - len, "[%d]", steps[i].index);
    snprintf(where, where_max, "%.200s:%d: %s", file->path, cdr_json_line(file->text, steps, count),
             count > 0 ? key : cdr_quote("", quoted));
}

/* The key of the setting that the current steps lead to. */
static void join_steps(const struct config_file *file, char *key, size_t key_max)
{
    size_t len = 0;
    key[0] = '\0';
    for (size_t i = 0; i < file->depth && len < key_max; i++)
        len += (size_t)snprintf(key + len, key_max - len, "%s%s", i > 0 ? "." : "",
                                file->steps[i].key);
}

static bool is_group(const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < cdr_option_count; i++)
        if (cdr_options[i].key != NULL && strncmp(cdr_options[i].key, key, len) == 0 &&
            cdr_options[i].key[len] == '.')
            return true;
    return false;
}

/* Offers the names at the level of the unknown key: "shar" in data.LTE → share. */
static void suggest_siblings(struct cdr_suggestion *near, const char *parent, char (*pool)[64])
{
    size_t parent_len = strlen(parent), n = 0;
    for (size_t i = 0; i < cdr_option_count; i++) {
        const char *key = cdr_options[i].key;
        if (key == NULL || cdr_options[i].type == CDR_OPTION_REFUSED ||
            strncmp(key, parent, parent_len) != 0)
            continue;
        snprintf(pool[n], sizeof pool[n], "%.*s", (int)strcspn(key + parent_len, "."),
                 key + parent_len);
        cdr_suggest(near, pool[n++]);
    }
}

static enum cdr_result unknown_key(struct config_file *file, const char *key,
                                   struct cdr_error *error)
{
    char where[512], parent[300] = "";
    struct cdr_suggestion near = {.given = file->steps[file->depth - 1].key};
    char(*pool)[64] = calloc(cdr_option_count, sizeof *pool);
    /* A key longer than the buffer was cut: then there is nothing near it. */
    if (strlen(key) > strlen(near.given))
        snprintf(parent, sizeof parent, "%.*s", (int)(strlen(key) - strlen(near.given)), key);
    if (pool == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    suggest_siblings(&near, parent, pool);
    if (file->depth == 1 && cdr_option_meant(key) != NULL)
        near.best = cdr_option_meant(key);
    locate(file, NULL, -1, where, sizeof where);
    if (near.best != NULL)
        cdr_fail(error, CDR_E_CONFIG, "%s is not a setting; did you mean \"%s\"?", where,
                 near.best);
    else
        cdr_fail(error, CDR_E_CONFIG, "%s is not a setting; docs/configuration.md has all of them",
                 where);
    free(pool);
    return CDR_E_CONFIG;
}

static enum cdr_result set_value(struct config_file *file, const struct cdr_option *option,
                                 const json_t *value, struct cdr_error *error)
{
    const struct cdr_json_place place = {.locate = locate, .context = file};
    bool *seen = &file->seen[option - cdr_options];
    char where[512];
    if (*seen) {
        locate(file, NULL, -1, where, sizeof where);
        return cdr_fail(error, CDR_E_CONFIG, "%s is given twice: %s and %s are the same setting",
                        where, option->key, option->also);
    }
    *seen = true;
    return cdr_option_set_json(file->loading, option, &place, value, error);
}

static enum cdr_result walk(struct config_file *file, json_t *object, struct cdr_error *error)
{
    enum cdr_result result = CDR_OK;
    char joined[300], where[512];
    for (void *i = json_object_iter(object); result == CDR_OK && i != NULL;
         i = json_object_iter_next(object, i)) {
        const char *name = json_object_iter_key(i);
        json_t *value = json_object_iter_value(i);
        file->steps[file->depth++] = (struct cdr_json_step){.key = name};
        join_steps(file, joined, sizeof joined);
        const struct cdr_option *option =
            strchr(name, '.') == NULL ? cdr_option_by_key(joined) : NULL;
        if (option != NULL) {
            result = set_value(file, option, value, error);
        } else if (cdr_option_by_key(joined) != NULL) {
            locate(file, NULL, -1, where, sizeof where);
            result = cdr_fail(error, CDR_E_CONFIG,
                              "%s: write objects in objects instead of a key with dots", where);
        } else if (!is_group(joined) || file->depth >= DEPTH_MAX) {
            result = unknown_key(file, joined, error);
        } else if (!json_is_object(value)) {
            locate(file, NULL, -1, where, sizeof where);
            result = cdr_fail(error, CDR_E_CONFIG, "%s: an object is needed", where);
        } else {
            result = walk(file, value, error);
        }
        file->depth--;
    }
    return result;
}

/* "---", a comment, or "name: value". */
static bool looks_like_yaml(const char *text)
{
    size_t name = strcspn(text, ":\n");
    return *text == '#' || strncmp(text, "---", 3) == 0 ||
           (text[name] == ':' && strchr(" \r\n", text[name + 1]) != NULL);
}

static int line_of(const char *text, const char *at)
{
    int line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

/* jansson's words, unless it is plain what the user meant. */
static enum cdr_result not_json(const struct config_file *file, const json_error_t *problem,
                                struct cdr_error *error)
{
    const char *start = file->text + strspn(file->text, " \t\r\n");
    if (*start != '\0' && *start != '{' && *start != '[')
        return cdr_fail(
            error, CDR_E_CONFIG,
            "%s:%d: this is no JSON%s; a config file is one JSON object, as cdrgen config "
            "prints it",
            file->path, line_of(file->text, start),
            looks_like_yaml(start) ? " (it looks like YAML)" : "");
    if (strcmp(problem->text, "invalid token near '0'") == 0)
        return cdr_fail(error, CDR_E_CONFIG,
                        "%s:%d:%d: a number of JSON does not begin with 0; write it as a string",
                        file->path, problem->line, problem->column);
    return cdr_fail(error, CDR_E_CONFIG, "%s:%d:%d: %s", file->path, problem->line, problem->column,
                    problem->text);
}

static enum cdr_result parse_and_walk(struct config_file *file, size_t len, struct cdr_error *error)
{
    json_error_t problem;
    enum cdr_result result = CDR_OK;
    json_t *root = json_loadb(file->text, len, JSON_REJECT_DUPLICATES, &problem);
    if (root == NULL)
        return not_json(file, &problem, error);
    if (json_is_object(root))
        result = walk(file, root, error);
    else
        result = cdr_fail(error, CDR_E_CONFIG, "%s:1: a config file must be one JSON object",
                          file->path);
    json_decref(root);
    return result;
}

enum cdr_result cdr_config_text_load(struct cdr_loading *loading, const char *name,
                                     const char *text, size_t n, struct cdr_error *error)
{
    struct config_file file = {.loading = loading, .path = name, .text = text};
    file.seen = calloc(cdr_option_count, sizeof *file.seen);
    enum cdr_result result = file.seen != NULL ? parse_and_walk(&file, n, error)
                                               : cdr_fail(error, CDR_E_NOMEM, "out of memory");
    free(file.seen);
    return result;
}

enum cdr_result cdr_config_file_load(struct cdr_loading *loading, const char *path,
                                     struct cdr_error *error)
{
    char *text = NULL;
    size_t len = 0;
    if (strcmp(path, "-") == 0)
        path = CDR_STANDARD_INPUT;
    enum cdr_result result = cdr_text_file_read(path, FILE_BYTES_MAX, &text, &len, error);
    if (result != CDR_OK)
        return result;
    result = cdr_config_text_load(loading, path, text, len, error);
    cdr_secret_wipe(text, len);
    free(text);
    return result;
}
