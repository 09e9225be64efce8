#include "sink/spill/manifest.h"

#include "base/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "spill.json"
/* Others may remove and make the folder while we try. */
#define ATTEMPTS_MAX 100
#define MARK_WITHIN_BYTES 4096                  /* "published" comes before the topics */
#define MANIFEST_BYTES_MAX (UINT64_C(64) << 20) /* schemas, and a line a log */
#define VALUE_BYTES_MAX (1 << 20)               /* of keys and headers */

/* What the values of a topic's two versions, and its keys, are called. */
static const struct {
    const char *schema, *mapping, *id;
} layout_names[] = {{"schema", "mapping", "schema_id"},
                    {"next_schema", "next_mapping", "next_schema_id"},
                    {"key_schema", "key_mapping", "key_schema_id"}};
enum { LAYOUTS = sizeof layout_names / sizeof layout_names[0] };

static struct cdr_layout *layout_of(struct cdr_topic *topic, unsigned i)
{
    return i < CDR_VERSIONS ? &topic->layouts[i] : &topic->key_layout;
}

static int32_t *id_of(struct cdr_topic *topic, unsigned i)
{
    return i < CDR_VERSIONS ? &topic->schema_ids[i] : &topic->key_schema_id;
}

static enum cdr_result make_path(char path[CDR_SPILL_PATH_MAX], const char *dir, const char *name,
                                 struct cdr_error *error)
{
    int length = snprintf(path, CDR_SPILL_PATH_MAX, "%s/%s", dir, name);
    if (length > 0 && length < CDR_SPILL_PATH_MAX)
        return CDR_OK;
    return cdr_fail(error, CDR_E_CONFIG, "the path of the spill, %.60s…, is too long", dir);
}

/* --- the folder --- */

/* Makes what is missing of path. */
static int make_folders(const char *path)
{
    char above[CDR_SPILL_PATH_MAX];
    size_t length = strlen(path);
    for (size_t i = 1; i <= length && i < sizeof above; i++) {
        if ((path[i] != '/' && path[i] != '\0') || path[i - 1] == '/')
            continue;
        memcpy(above, path, i);
        above[i] = '\0';
        if (mkdir(above, 0777) != 0 && errno != EEXIST)
            return errno;
    }
    return 0;
}

enum cdr_result cdr_spill_lock(const char *dir, bool make, int *fd, struct cdr_error *error)
{
    *fd = -1;
    /* A replay that has removed the folder may hold what we have just opened. */
    for (unsigned attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        int os_error = make ? make_folders(dir) : 0;
        if (os_error != 0)
            return cdr_file_fail(error, CDR_E_IO, "make folder", dir, os_error);
        int opened = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (opened < 0 && errno == ENOENT && make)
            continue;
        if (opened < 0)
            return cdr_file_fail(error, CDR_E_IO, "open folder", dir, errno);
        os_error = flock(opened, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
        if (os_error == 0 && cdr_is_at(opened, dir)) {
            *fd = opened;
            return CDR_OK;
        }
        close(opened);
        if (os_error == EWOULDBLOCK)
            return cdr_fail(error, CDR_E_STATE,
                            "%s is in use: a run spills into it, or a replay publishes it, at this "
                            "moment",
                            dir);
        if (os_error != 0 && os_error != EINTR)
            return cdr_file_fail(error, CDR_E_IO, "lock folder", dir, os_error);
    }
    return cdr_file_fail(error, CDR_E_IO, "open folder", dir, ENOENT);
}

static enum cdr_result check_writable(const char *dir, struct cdr_error *error)
{
    char above[CDR_SPILL_PATH_MAX];
    struct stat status;
    snprintf(above, sizeof above, "%s", dir);
    while (stat(above, &status) != 0) {
        char *slash = strrchr(above, '/');
        if (errno != ENOENT)
            return cdr_fail(error, CDR_E_CONFIG, "--spill %s: %s", dir, strerror(errno));
        if (slash == NULL)
            snprintf(above, sizeof above, ".");
        else
            slash[slash == above ? 1 : 0] = '\0';
    }
    if (!S_ISDIR(status.st_mode))
        return cdr_fail(error, CDR_E_CONFIG, "--spill %s: %s is a file where a folder is needed",
                        dir, above);
    if (access(above, R_OK | W_OK | X_OK) != 0)
        return cdr_fail(error, CDR_E_CONFIG, "--spill %s: cannot write to %s: %s", dir, above,
                        strerror(errno));
    return CDR_OK;
}

/* Segments, with a spill.json or without: a removal that was cut short leaves such. */
static bool holds_segments(const char *dir)
{
    static const char ending[] = ".spill";
    DIR *listing = opendir(dir);
    bool found = false;
    if (listing == NULL)
        return false;
    for (const struct dirent *entry; !found && (entry = readdir(listing)) != NULL;) {
        size_t len = strlen(entry->d_name);
        found =
            len >= sizeof ending && strcmp(entry->d_name + len - (sizeof ending - 1), ending) == 0;
    }
    closedir(listing);
    return found;
}

enum cdr_result cdr_spill_check(const char *dir, struct cdr_error *error)
{
    char path[CDR_SPILL_PATH_MAX];
    enum cdr_result result = make_path(path, dir, NAME, error);
    if (result == CDR_OK)
        result = check_writable(dir, error);
    if (result == CDR_OK && access(path, F_OK) == 0)
        result =
            cdr_fail(error, CDR_E_STATE,
                     "--spill %s holds a spill: publish it with `cdrgen replay %s`, remove it, "
                     "or choose another folder",
                     dir, dir);
    if (result == CDR_OK && holds_segments(dir))
        result = cdr_fail(error, CDR_E_STATE,
                          "--spill %s holds remains of a spill (*.spill): remove them, or choose "
                          "another folder",
                          dir);
    return result;
}

/* --- writing --- */

static void write_log(struct cdr_json *json, const struct cdr_spill_manifest *manifest,
                      uint32_t log)
{
    const struct cdr_spill_log *entry = &manifest->logs[log];
    cdr_json_object_inline(json, NULL);
    cdr_json_u64(json, "partition", log % manifest->partitions);
    cdr_json_i64(json, "base", entry->base);
    cdr_json_u64(json, "first_record", entry->first);
    cdr_json_u64(json, "records", entry->records);
    cdr_json_u64(json, "bytes", entry->bytes);
    cdr_json_object_end(json);
}

static void write_layouts(struct cdr_json *json, struct cdr_topic *topic)
{
    for (unsigned i = 0; i < LAYOUTS; i++) {
        const struct cdr_layout *layout = layout_of(topic, i);
        if (layout->schema != NULL)
            cdr_json_text(json, layout_names[i].schema, layout->schema);
        if (layout->mapping != NULL)
            cdr_json_text(json, layout_names[i].mapping, layout->mapping);
        if (*id_of(topic, i) != 0)
            cdr_json_i64(json, layout_names[i].id, *id_of(topic, i));
    }
}

static void write_envelope(struct cdr_json *json, const struct cdr_envelope *envelope)
{
    if (envelope->key_bytes_max > 0)
        cdr_json_u64(json, "key_bytes_max", envelope->key_bytes_max);
    if (envelope->header_count == 0)
        return;
    cdr_json_u64(json, "header_bytes_max", envelope->header_bytes_max);
    cdr_json_array(json, "headers");
    for (uint32_t i = 0; i < envelope->header_count; i++)
        cdr_json_text(json, NULL, envelope->header_names[i]);
    cdr_json_array_end(json);
}

static void write_topics(struct cdr_json *json, const struct cdr_spill_manifest *manifest)
{
    cdr_json_array(json, "topics");
    for (uint32_t type = 0; type < manifest->topics->n; type++) {
        struct cdr_topic *topic = &manifest->topics->items[type];
        cdr_json_object(json, NULL);
        cdr_json_text(json, "topic", topic->name);
        write_layouts(json, topic);
        write_envelope(json, &topic->envelope);
        cdr_json_array(json, "partitions");
        for (uint32_t p = 0; p < manifest->partitions; p++)
            if (cdr_spill_mine(manifest, type * manifest->partitions + p))
                write_log(json, manifest, type * manifest->partitions + p);
        cdr_json_array_end(json);
        cdr_json_object_end(json);
    }
    cdr_json_array_end(json);
}

static void put_all(struct cdr_json *json, const struct cdr_spill_manifest *manifest)
{
    cdr_json_object(json, NULL);
    cdr_json_text(json, "cdrgen", CDR_VERSION);
    cdr_json_text(json, "dataset_id", manifest->dataset_id);
    cdr_json_text(json, "format", manifest->format);
    cdr_json_u64(json, "frame_len", manifest->frame_len);
    cdr_json_u64(json, "trailer_len", manifest->trailer_len);
    cdr_json_u64(json, "partitions", manifest->partitions);
    cdr_json_u64(json, "shard_index", manifest->shard_index);
    cdr_json_u64(json, "shard_count", manifest->shard_count);
    cdr_json_bool(json, "transactions", manifest->transactions);
    cdr_json_bool(json, "closed", manifest->closed);
    cdr_json_bool(json, "complete", manifest->complete);
    cdr_json_bool(json, "published", manifest->published);
    if (manifest->topics->change_ms != CDR_CHANGE_NEVER)
        cdr_json_i64(json, "change_ms", manifest->topics->change_ms);
    cdr_json_object(json, "settings");
    manifest->put_settings(json, manifest->settings);
    cdr_json_object_end(json);
    write_topics(json, manifest);
    cdr_json_object_end(json);
}

/* One that was read is as it was, but for what became of it. */
static bool write_all(FILE *out, const struct cdr_spill_manifest *manifest)
{
    struct cdr_json json;
    if (manifest->texts != NULL)
        return json_object_set_new(manifest->texts, "published",
                                   json_boolean(manifest->published)) == 0 &&
               json_dumpf(manifest->texts, out, JSON_INDENT(2)) == 0 && fflush(out) == 0;
    cdr_json_start(&json, out);
    put_all(&json, manifest);
    return cdr_json_finish(&json);
}

enum cdr_result cdr_spill_manifest_write(const struct cdr_spill_manifest *manifest, const char *dir,
                                         int dir_fd, struct cdr_error *error)
{
    char path[CDR_SPILL_PATH_MAX], temporary[CDR_SPILL_PATH_MAX];
    enum cdr_result result = make_path(path, dir, NAME, error);
    if (result == CDR_OK)
        result = make_path(temporary, dir, "." NAME ".tmp", error);
    if (result != CDR_OK)
        return result;
    FILE *out = cdr_stream_temporary(temporary);
    if (out == NULL)
        return cdr_file_fail(error, CDR_E_IO, "create", temporary, errno);
    if (!cdr_stream_rename(out, write_all(out, manifest), true, temporary, path))
        return cdr_file_fail(error, CDR_E_IO, "write", path, errno);
    if (fsync(dir_fd) != 0 && errno != EINVAL && errno != ENOTSUP)
        return cdr_file_fail(error, CDR_E_IO, "sync folder", dir, errno);
    return CDR_OK;
}

/* Turns the word in the file: five bytes for five, which needs no room on the disk. */
static bool mark_in_place(const char *path)
{
    static const char before[] = "\"published\": false", after[] = "\"published\": true ";
    char start[MARK_WITHIN_BYTES + 1];
    struct stat status;
    int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = fstat(fd, &status) == 0 && S_ISREG(status.st_mode)
                    ? pread(fd, start, MARK_WITHIN_BYTES, 0)
                    : -1;
    start[n > 0 ? n : 0] = '\0';
    const char *at = strstr(start, before);
    bool marked = at != NULL &&
                  pwrite(fd, after, sizeof after - 1, at - start) == (ssize_t)sizeof after - 1 &&
                  fsync(fd) == 0;
    return close(fd) == 0 && marked;
}

enum cdr_result cdr_spill_manifest_mark(struct cdr_spill_manifest *manifest, const char *dir,
                                        int dir_fd, struct cdr_error *error)
{
    char path[CDR_SPILL_PATH_MAX];
    enum cdr_result result = make_path(path, dir, NAME, error);
    if (result != CDR_OK || manifest->published)
        return result;
    manifest->published = true;
    return mark_in_place(path) ? CDR_OK : cdr_spill_manifest_write(manifest, dir, dir_fd, error);
}

enum cdr_result cdr_spill_manifest_remove(const char *dir, struct cdr_error *error)
{
    char path[CDR_SPILL_PATH_MAX];
    enum cdr_result result = make_path(path, dir, NAME, error);
    if (result == CDR_OK && unlink(path) != 0 && errno != ENOENT)
        result = cdr_file_fail(error, CDR_E_IO, "remove", path, errno);
    return result;
}

/* --- reading --- */

/* Members as they are asked for; the first that is missing or of another kind is remembered. */
struct members {
    const json_t *object;
    const char *wrong;
};

static json_t *member(struct members *members, const char *key, json_type type)
{
    json_t *value = json_object_get(members->object, key);
    bool fits = value != NULL && (json_typeof(value) == type ||
                                  (type == JSON_TRUE && json_typeof(value) == JSON_FALSE));
    if (!fits && members->wrong == NULL)
        members->wrong = key;
    return fits ? value : NULL;
}

static int64_t whole(struct members *members, const char *key, int64_t min, int64_t max)
{
    json_int_t value = json_integer_value(member(members, key, JSON_INTEGER));
    if ((value < min || value > max) && members->wrong == NULL)
        members->wrong = key;
    return value < min || value > max ? min : value;
}

static void text(struct members *members, const char *key, char *to, size_t size)
{
    const char *value = json_string_value(member(members, key, JSON_STRING));
    if (value != NULL && strlen(value) < size)
        memcpy(to, value, strlen(value) + 1);
    else if (members->wrong == NULL)
        members->wrong = key;
}

static const char *read_log(struct cdr_spill_manifest *manifest, uint32_t type, json_t *entry)
{
    struct members members = {.object = entry};
    uint32_t partition = (uint32_t)whole(&members, "partition", 0, manifest->partitions - 1);
    manifest->logs[type * manifest->partitions + partition] = (struct cdr_spill_log){
        .base = whole(&members, "base", 0, INT64_MAX),
        .first = (uint64_t)whole(&members, "first_record", 0, INT64_MAX),
        .records = (uint64_t)whole(&members, "records", 0, INT64_MAX),
        .bytes = (uint64_t)whole(&members, "bytes", 0, INT64_MAX),
    };
    return members.wrong;
}

/* Those that are there. Texts stay where they are. */
static void read_layouts(struct cdr_topic *topic, struct members *members)
{
    for (unsigned i = 0; i < LAYOUTS; i++) {
        struct cdr_layout *layout = layout_of(topic, i);
        const char *schema = NULL;
        if (json_object_get(members->object, layout_names[i].schema) != NULL)
            schema = json_string_value(member(members, layout_names[i].schema, JSON_STRING));
        layout->schema = (char *)(uintptr_t)schema;
        if (json_object_get(members->object, layout_names[i].mapping) != NULL)
            layout->mapping =
                json_string_value(member(members, layout_names[i].mapping, JSON_STRING));
        if (json_object_get(members->object, layout_names[i].id) != NULL)
            *id_of(topic, i) = (int32_t)whole(members, layout_names[i].id, 0, INT32_MAX);
    }
}

/* Both are there only where messages have them. */
static void read_envelope(struct cdr_topic *topic, struct members *members)
{
    struct cdr_envelope *envelope = &topic->envelope;
    const json_t *names = json_object_get(members->object, "headers");
    if (json_object_get(members->object, "key_bytes_max") != NULL)
        envelope->key_bytes_max = (size_t)whole(members, "key_bytes_max", 1, VALUE_BYTES_MAX);
    if (names == NULL)
        return;
    envelope->header_bytes_max = (size_t)whole(members, "header_bytes_max", 1, VALUE_BYTES_MAX);
    envelope->header_count = (uint32_t)json_array_size(names);
    envelope->header_names = topic->headers.names;
    bool good = envelope->header_count > 0 && envelope->header_count <= CDR_HEADERS_MAX;
    for (uint32_t i = 0; good && i < envelope->header_count; i++) {
        topic->headers.names[i] = json_string_value(json_array_get(names, i));
        good = topic->headers.names[i] != NULL;
    }
    if (!good && members->wrong == NULL)
        members->wrong = "headers";
}

static const char *read_topics(struct cdr_spill_manifest *manifest, const json_t *topics)
{
    const char *wrong = NULL;
    for (uint32_t type = 0; type < manifest->found.n && wrong == NULL; type++) {
        struct members members = {.object = json_array_get(topics, type)};
        struct cdr_topic *topic = &manifest->found.items[type];
        text(&members, "topic", topic->name, CDR_SPILL_TOPIC_MAX + 1);
        read_layouts(topic, &members);
        read_envelope(topic, &members);
        const json_t *partitions = member(&members, "partitions", JSON_ARRAY);
        wrong = members.wrong;
        uint32_t count = 0;
        for (uint32_t p = 0; p < manifest->partitions; p++)
            count += cdr_spill_mine(manifest, p);
        if (wrong == NULL && json_array_size(partitions) != count)
            wrong = "partitions";
        for (size_t i = 0; i < count && wrong == NULL; i++)
            wrong = read_log(manifest, type, json_array_get(partitions, i));
    }
    return wrong;
}

static const char *read_all(struct cdr_spill_manifest *manifest, const json_t *root)
{
    struct members members = {.object = root};
    text(&members, "dataset_id", manifest->dataset_id, sizeof manifest->dataset_id);
    text(&members, "format", manifest->format, sizeof manifest->format);
    manifest->frame_len = (uint32_t)whole(&members, "frame_len", 0, 64);
    manifest->trailer_len = (uint32_t)whole(&members, "trailer_len", 0, 64);
    manifest->partitions = (uint32_t)whole(&members, "partitions", 1, CDR_PARTITIONS_MAX);
    manifest->shard_count = (uint32_t)whole(&members, "shard_count", 1, manifest->partitions);
    manifest->shard_index =
        (uint32_t)whole(&members, "shard_index", 0, (int64_t)manifest->shard_count - 1);
    manifest->transactions = json_is_true(member(&members, "transactions", JSON_TRUE));
    manifest->closed = json_is_true(member(&members, "closed", JSON_TRUE));
    manifest->complete = json_is_true(member(&members, "complete", JSON_TRUE));
    manifest->published = json_is_true(member(&members, "published", JSON_TRUE));
    if (members.wrong == NULL && strlen(manifest->dataset_id) != 32)
        members.wrong = "dataset_id";
    if (json_object_get(root, "change_ms") != NULL)
        manifest->found.change_ms = whole(&members, "change_ms", INT64_MIN, INT64_MAX);
    member(&members, "settings", JSON_OBJECT);
    const json_t *topics = member(&members, "topics", JSON_ARRAY);
    if (members.wrong == NULL && json_array_size(topics) != manifest->found.n)
        members.wrong = "topics";
    if (members.wrong != NULL)
        return members.wrong;
    manifest->logs = calloc(cdr_spill_logs(manifest), sizeof *manifest->logs);
    return manifest->logs != NULL ? read_topics(manifest, topics) : NULL;
}

enum cdr_result cdr_spill_manifest_read(struct cdr_spill_manifest *manifest, const char *dir,
                                        struct cdr_error *error)
{
    char path[CDR_SPILL_PATH_MAX];
    json_error_t reason;
    memset(manifest, 0, sizeof *manifest);
    enum cdr_result result = make_path(path, dir, NAME, error);
    if (result != CDR_OK)
        return result;
    FILE *in = NULL;
    result = cdr_stream_bounded(&in, path, MANIFEST_BYTES_MAX, CDR_E_STATE, error);
    if (result == CDR_E_AGAIN)
        return cdr_fail(error, CDR_E_CONFIG, "%s holds no spill: there is no %s", dir, path);
    if (result != CDR_OK)
        return result;
    json_t *root = json_loadf(in, 0, &reason);
    fclose(in);
    if (root == NULL)
        return cdr_fail(error, CDR_E_STATE, "%s:%d: %s", path, reason.line, reason.text);
    manifest->texts = root;
    manifest->topics = &manifest->found;
    const size_t topics = json_array_size(json_object_get(root, "topics"));
    result = cdr_topics_create(
        &manifest->found, topics > 0 && topics <= CDR_TOPICS_MAX ? (uint32_t)topics : 1, error);
    const char *wrong = result == CDR_OK ? read_all(manifest, root) : NULL;
    if (wrong != NULL)
        result = cdr_fail(error, CDR_E_STATE,
                          "%s: \"%s\" is missing or not what it must be: another version of cdrgen "
                          "wrote it, or it was altered; `cdrgen run --resume` makes the records "
                          "again",
                          path, wrong);
    else if (result == CDR_OK && manifest->logs == NULL)
        result = cdr_fail(error, CDR_E_NOMEM, "no memory for %u logs", cdr_spill_logs(manifest));
    if (result != CDR_OK)
        cdr_spill_manifest_free(manifest);
    return result;
}

char *cdr_spill_manifest_settings(const struct cdr_spill_manifest *manifest)
{
    return json_dumps(json_object_get(manifest->texts, "settings"), JSON_INDENT(2));
}

void cdr_spill_manifest_free(struct cdr_spill_manifest *manifest)
{
    for (uint32_t type = 0; manifest->found.items != NULL && type < manifest->found.n; type++)
        for (unsigned i = 0; i < LAYOUTS; i++)
            layout_of(&manifest->found.items[type], i)->schema = NULL; /* one of the texts' */
    free(manifest->logs);
    cdr_topics_free(&manifest->found);
    json_decref(manifest->texts);
    manifest->logs = NULL;
    manifest->texts = NULL;
}
