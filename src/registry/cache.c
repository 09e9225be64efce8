#include "registry/cache.h"

#include "base/files.h"
#include "base/hash.h"
#include "base/shown.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, FILE_BYTES_MAX = 64 << 20 };

enum cdr_result cdr_registry_cache_open(const struct cdr_registry_settings *settings,
                                        struct cdr_error *error)
{
    struct stat status;
    if (settings->cache == NULL)
        return CDR_OK;
    if (strlen(settings->cache) > PATH_BYTES - 300)
        return cdr_fail(error, CDR_E_CONFIG, "registry_cache: the folder's name is too long");
    if (mkdir(settings->cache, 0777) == 0)
        return CDR_OK;
    int reason = errno;
    if (stat(settings->cache, &status) == 0 && S_ISDIR(status.st_mode))
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG, "registry_cache: %s: %s", settings->cache,
                    reason == EEXIST ? "is not a folder" : strerror(reason));
}

/* With the NUL, so that neighbours do not run into each other. */
static uint64_t add_text(uint64_t hash, const char *text)
{
    do
        hash = cdr_mix(hash + (unsigned char)*text + 1);
    while (*text++ != '\0');
    return hash;
}

/* Credentials in a URL are neither in the name nor in the file. */
static void put_registry(const char *urls, char *text, size_t size)
{
    size_t out = 0;
    while (*urls != '\0' && out + 1 < size) {
        const char *host = strstr(urls, "://");
        size_t len = strcspn(urls, ", ");
        if (host != NULL && host < urls + len) {
            const char *at = memchr(host, '@', len - (size_t)(host - urls));
            const char *slash = memchr(host + 3, '/', len - (size_t)(host + 3 - urls));
            const char *rest = at != NULL && (slash == NULL || at < slash) ? at + 1 : host + 3;
            out += (size_t)snprintf(text + out, size - out, "%s%.*s", out > 0 ? "," : "",
                                    (int)(urls + len - rest), rest);
            out = out < size ? out : size - 1;
        }
        urls += len;
        urls += strspn(urls, ", ");
    }
    text[out] = '\0';
}

static void put_path(const struct cdr_registry_settings *settings, const char *registry,
                     const char *subject, const char *wanted, char path[PATH_BYTES])
{
    char plain[81];
    size_t n = 0;
    for (; n + 1 < sizeof plain && subject[n] != '\0'; n++) {
        bool kept = isalnum((unsigned char)subject[n]) || (strchr("-_.", subject[n]) && n > 0);
        plain[n] = kept ? subject[n] : '_';
    }
    plain[n] = '\0';
    uint64_t hash =
        add_text(add_text(add_text(0, registry), subject), wanted != NULL ? wanted : "");
    snprintf(path, PATH_BYTES, "%s/%s-%016llx.json", settings->cache, plain,
             (unsigned long long)hash);
}

static bool is_text(const json_t *object, const char *key, const char *text)
{
    const char *found = json_string_value(json_object_get(object, key));
    return found != NULL && strcmp(found, text) == 0;
}

bool cdr_registry_cache_read(const struct cdr_registry_settings *settings, const char *subject,
                             const char *wanted, struct cdr_registry_cached *cached)
{
    char path[PATH_BYTES], registry[1024];
    if (settings->cache == NULL)
        return false;
    put_registry(settings->urls, registry, sizeof registry);
    put_path(settings, registry, subject, wanted, path);
    FILE *file = NULL;
    if (cdr_stream_bounded(&file, path, FILE_BYTES_MAX, CDR_E_IO, NULL) != CDR_OK)
        return false;
    json_t *object = json_loadf(file, 0, NULL);
    fclose(file);
    json_t *id = json_object_get(object, "id");
    const char *schema = json_string_value(json_object_get(object, "schema"));
    const char *saved = json_string_value(json_object_get(object, "saved"));
    bool found = json_is_integer(id) && json_integer_value(id) >= 0 &&
                 json_integer_value(id) <= INT32_MAX && schema != NULL && saved != NULL &&
                 is_text(object, "registry", registry) && is_text(object, "subject", subject) &&
                 is_text(object, "wanted", wanted != NULL ? wanted : "");
    if (found) {
        cached->id = (int32_t)json_integer_value(id);
        cached->schema = strdup(schema);
        snprintf(cached->saved, sizeof cached->saved, "%s", saved);
        found = cached->schema != NULL;
    }
    json_decref(object);
    return found;
}

enum cdr_result cdr_registry_cache_write(const struct cdr_registry_settings *settings,
                                         const char *subject, const char *wanted, int32_t id,
                                         const char *schema, struct cdr_error *error)
{
    char path[PATH_BYTES], temporary[PATH_BYTES + 32], registry[1024], saved[32];
    time_t now = time(NULL);
    struct tm parts;
    if (settings->cache == NULL)
        return CDR_OK;
    gmtime_r(&now, &parts);
    strftime(saved, sizeof saved, "%Y-%m-%dT%H:%M:%SZ", &parts);
    put_registry(settings->urls, registry, sizeof registry);
    put_path(settings, registry, subject, wanted, path);
    snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid());
    json_t *object = json_pack("{s:s, s:s, s:s, s:i, s:s, s:s}", "registry", registry, "subject",
                               subject, "saved", saved, "id", (int)id, "schema", schema, "wanted",
                               wanted != NULL ? wanted : "");
    if (object == NULL)
        return cdr_fail(error, CDR_E_NOMEM, "out of memory");
    errno = 0;
    bool good =
        json_dump_file(object, temporary, JSON_INDENT(1)) == 0 && rename(temporary, path) == 0;
    int reason = errno;
    json_decref(object);
    if (good)
        return CDR_OK;
    unlink(temporary);
    return cdr_fail(error, CDR_E_IO, "%s: %s", path, strerror(reason));
}

void cdr_registry_note_cached(char note[CDR_REGISTRY_NOTE_MAX], const char *subject,
                              const struct cdr_registry_cached *cached, const char *why)
{
    char text[CDR_REGISTRY_NOTE_MAX];
    snprintf(text, sizeof text, "subject %.260s: id %d from the cache, as of %s, because of %.480s",
             subject, (int)cached->id, cached->saved, why);
    cdr_shown(note, CDR_REGISTRY_NOTE_MAX, text);
}

void cdr_registry_cached_free(struct cdr_registry_cached *cached)
{
    free(cached->schema);
    *cached = (struct cdr_registry_cached){0};
}
