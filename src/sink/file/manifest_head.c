#include "sink/file/manifest.h"

#include "base/files.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

enum { START_BYTES = 1024 };

static const char *text_of(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value != NULL ? value : "";
}

static void take_text(const json_t *root, const char *key, char *text, size_t size)
{
    snprintf(text, size, "%s", text_of(root, key));
}

/* As cdr_manifest_written_as; topics are in the order in which they were written. */
static void take_written_as(const json_t *root, char text[CDR_WRITTEN_AS_MAX])
{
    const char *name = NULL;
    json_t *topic = NULL;
    size_t n = (size_t)snprintf(text, CDR_WRITTEN_AS_MAX, "%s %s", text_of(root, "format"),
                                text_of(root, "compress"));
    json_object_foreach(json_object_get(root, "topics"), name, topic)
    {
        if (n < CDR_WRITTEN_AS_MAX)
            n += (size_t)snprintf(text + n, CDR_WRITTEN_AS_MAX - n, " %s/%s",
                                  text_of(topic, "layout"), text_of(topic, "next_layout"));
    }
}

/* What can be said of a file that is no JSON, by how it begins. */
static void guess(FILE *file, struct cdr_manifest_head *head)
{
    char start[START_BYTES + 1];
    rewind(file);
    start[fread(start, 1, START_BYTES, file)] = '\0';
    head->damaged = true;
    head->ours = strstr(start, "\"generator\"") != NULL && strstr(start, "\"cdrgen ") != NULL;
}

enum cdr_result cdr_manifest_look(const char *path, struct cdr_manifest_head *head,
                                  struct cdr_error *error)
{
    FILE *file = NULL;
    json_error_t where;
    memset(head, 0, sizeof *head);
    enum cdr_result result =
        cdr_stream_bounded(&file, path, CDR_MANIFEST_BYTES_MAX, CDR_E_CONFIG, error);
    if (result != CDR_OK)
        return result;
    json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL && ferror(file) != 0)
        result = cdr_file_fail(error, CDR_E_CONFIG, "read", path, errno);
    else if (root == NULL && json_error_code(&where) == json_error_out_of_memory)
        result = cdr_fail(error, CDR_E_NOMEM, "no memory for reading %.500s", path);
    else if (root == NULL)
        guess(file, head);
    fclose(file);
    if (root == NULL)
        return result;
    const char *generator = json_string_value(json_object_get(root, "generator"));
    head->ours = generator != NULL && strncmp(generator, "cdrgen ", 7) == 0;
    head->complete = !json_is_false(json_object_get(root, "complete"));
    take_text(root, "dataset_id", head->dataset_id, sizeof head->dataset_id);
    take_text(root, "format", head->format, sizeof head->format);
    take_written_as(root, head->written_as);
    json_decref(root);
    return CDR_OK;
}
