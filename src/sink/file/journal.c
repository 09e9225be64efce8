#include "sink/file/journal.h"

#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 160 };

void cdr_file_journal_begin(struct cdr_file_journal *journal, const struct cdr_file_folder *folder)
{
    char path[CDR_FILE_PATH_MAX];
    cdr_file_journal_path(path, folder);
    journal->fd = cdr_create_temporary(path);
}

void cdr_file_journal_add(const struct cdr_file_journal *journal, const struct cdr_file_find *find,
                          const struct cdr_part_result *file)
{
    char line[LINE_MAX_BYTES], checksum[2 * CDR_PART_CHECKSUM_BYTES + 1];
    if (journal->fd < 0)
        return;
    for (unsigned i = 0; i < CDR_PART_CHECKSUM_BYTES; i++)
        snprintf(checksum + 2 * (size_t)i, 3, "%02x", file->checksum[i]);
    int len = snprintf(
        line, sizeof line, "%" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRId32 " %" PRIu64 " %s\n",
        find->topic, find->partition, find->number, find->day, file->file_bytes, checksum);
    ssize_t written;
    do /* at once, so that threads' lines do not mix */
        written = write(journal->fd, line, (size_t)len);
    while (written < 0 && errno == EINTR);
}

void cdr_file_journal_close(struct cdr_file_journal *journal)
{
    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = -1;
}

void cdr_file_journal_remove(const struct cdr_file_folder *folder)
{
    char path[CDR_FILE_PATH_MAX];
    cdr_file_journal_path(path, folder);
    unlink(path);
}

static bool take_checksum(const char *text, uint8_t checksum[CDR_PART_CHECKSUM_BYTES])
{
    if (strspn(text, "0123456789abcdef") != 2 * CDR_PART_CHECKSUM_BYTES)
        return false;
    for (unsigned i = 0; i < CDR_PART_CHECKSUM_BYTES; i++) {
        const char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};
        checksum[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return true;
}

static bool take_line(const char *line, struct cdr_file_find *find, struct cdr_part_result *file)
{
    int used = 0;
    const size_t len = strlen(line);
    return len > 0 && line[len - 1] == '\n' &&
           sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNd32 " %" SCNu64 " %n",
                  &find->topic, &find->partition, &find->number, &find->day, &file->file_bytes,
                  &used) == 5 &&
           used > 0 && take_checksum(line + used, file->checksum);
}

enum cdr_result cdr_file_journal_read(const struct cdr_file_folder *folder,
                                      const struct cdr_file_finds *finds,
                                      struct cdr_part_result *files, struct cdr_error *error)
{
    char path[CDR_FILE_PATH_MAX], line[LINE_MAX_BYTES];
    FILE *in = NULL;
    memset(files, 0, finds->count * sizeof *files);
    cdr_file_journal_path(path, folder);
    enum cdr_result result = cdr_stream_regular(&in, path, CDR_E_STATE, error);
    if (result != CDR_OK)
        return result == CDR_E_AGAIN ? CDR_OK : result;
    /* Its last line is the last that a killed run wrote: what is longer, or no line, is not. */
    while (finds->count > 0 && fgets(line, sizeof line, in) != NULL) {
        struct cdr_file_find find = {0};
        struct cdr_part_result file = {0};
        if (!take_line(line, &find, &file))
            break;
        const struct cdr_file_find *found =
            bsearch(&find, finds->list, finds->count, sizeof find, cdr_file_compare_finds);
        if (found != NULL)
            files[found - finds->list] = file;
    }
    fclose(in);
    return CDR_OK;
}
