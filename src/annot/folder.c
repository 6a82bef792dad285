#include "annot/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"

enum { DEPTH_LIMIT = 32, TEXT_LIMIT = 64 << 20 };

/* A listing under way. */
typedef struct folder_lister {
    bw_file_list *list;
    const char *root;
    const char *const *suffixes;
} folder_lister;

const char *const bw_picture_suffixes[] = {".jpg", ".jpeg", ".png", ".webp", ".bmp", NULL};

bool bw_number_read(double *value, const char *text)
{
    locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (locale == (locale_t)0)
        return false;
    char *end;
    *value = strtod_l(text, &end, locale);
    freelocale(locale);
    return end != text && !*end && isfinite(*value);
}

const char *bw_subfolder(bw_arena *arena, const char *path, const char *name)
{
    const char *folder = bw_arena_format(arena, "%s/%s", path, name);
    return folder && bw_is_folder(folder) ? folder : NULL;
}

static bool is_own_folder(DIR *folder, const struct dirent *entry)
{
    struct stat status;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(status.st_mode);
}

static bw_status add_name(bw_file_list *list, const char *name, bw_error *error)
{
    if (!name || !bw_array_reserve((void **)&list->names, &list->capacity, list->count + 1,
                                   sizeof *list->names))
        return bw_fail_memory(error, list->count * sizeof *list->names, "names of files");
    list->names[list->count++] = name;
    return BW_OK;
}

static bw_status list_below(folder_lister *lister, const char *below, int depth, bw_error *error);

static bw_status list_entry(folder_lister *lister, DIR *folder, const struct dirent *entry,
                            const char *below, int depth, bw_error *error)
{
    if (entry->d_name[0] == '.')
        return BW_OK;
    bool enter = is_own_folder(folder, entry) && depth < DEPTH_LIMIT;
    if (!enter && !bw_has_any_suffix(entry->d_name, lister->suffixes))
        return BW_OK;
    const char *name =
        bw_arena_format(&lister->list->arena, "%s%s%s", below, entry->d_name, enter ? "/" : "");
    if (!enter)
        return add_name(lister->list, name, error);
    return name ? list_below(lister, name, depth + 1, error)
                : bw_fail_memory(error, strlen(below), "a file name");
}

static bw_status list_below(folder_lister *lister, const char *below, int depth, bw_error *error)
{
    char *path = bw_arena_format(&lister->list->arena, "%s/%s", lister->root, below);
    DIR *folder = path ? opendir(path) : NULL;
    if (!folder)
        return path ? bw_fail_errno(error, "open", path)
                    : bw_fail_memory(error, strlen(below), "a file name");
    const struct dirent *entry;
    bw_status status = BW_OK;
    while (status == BW_OK && (errno = 0, entry = readdir(folder)) != NULL)
        status = list_entry(lister, folder, entry, below, depth, error);
    if (status == BW_OK && errno != 0)
        status = bw_fail_errno(error, "read", path);
    closedir(folder);
    return status;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

bw_status bw_file_list_read(bw_file_list *out, const char *folder, const char *const *suffixes,
                            bw_error *error)
{
    *out = (bw_file_list){0};
    folder_lister lister = {out, folder, suffixes};
    bw_status status = list_below(&lister, "", 0, error);
    if (status != BW_OK)
        bw_file_list_free(out);
    else if (out->count > 0)
        qsort(out->names, out->count, sizeof *out->names, compare_names);
    return status;
}

void bw_file_list_free(bw_file_list *list)
{
    free(list->names);
    bw_arena_free(&list->arena);
    *list = (bw_file_list){0};
}

/* ---- Lines of numbers ----------------------------------------------------------------------- */

/* Reads the numbers of one line, which ends with NUL; -1 where something is none, or too many. */
static int read_numbers(double *values, const char *line, locale_t locale)
{
    int count = 0;
    for (const char *at = line + strspn(line, " \t\r"); *at; at += strspn(at, " \t\r")) {
        char *end;
        if (count == BW_LINE_NUMBERS)
            return -1;
        values[count] = strtod_l(at, &end, locale);
        if (end == at || !isfinite(values[count]) || (*end && !strchr(" \t\r", *end)))
            return -1;
        at = end;
        count++;
    }
    return count;
}

static bw_status visit_lines(char *text, bw_line_visitor *visit, void *context, locale_t locale,
                             bw_error *error)
{
    bw_status status = BW_OK;
    size_t number = 0;
    for (char *rest = text, *line; status == BW_OK && (line = strsep(&rest, "\n")) != NULL;) {
        double values[BW_LINE_NUMBERS];
        int count = read_numbers(values, line, locale);
        number++;
        if (count < 0)
            status = bw_fail(error, BW_ERROR_FORMAT,
                             "line %zu: is not made of at most %d numbers: '%.60s'", number,
                             BW_LINE_NUMBERS, line);
        else if (count > 0)
            status = visit(context, values, count, number, error);
    }
    return status;
}

bw_status bw_number_lines_parse(const char *text, size_t size, bw_line_visitor *visit,
                                void *context, bw_error *error)
{
    if (size > 0 && memchr(text, '\0', size))
        return bw_fail(error, BW_ERROR_FORMAT, "is not a text file");
    locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    char *copy = locale != (locale_t)0 ? malloc(size + 1) : NULL;
    bw_status status = BW_OK;
    if (copy) {
        if (size > 0)
            memcpy(copy, text, size);
        copy[size] = '\0';
        status = visit_lines(copy, visit, context, locale, error);
    } else {
        status = bw_fail_memory(error, size + 1, "a text");
    }
    free(copy);
    if (locale != (locale_t)0)
        freelocale(locale);
    return status;
}

bw_status bw_number_lines_read(const char *path, bw_line_visitor *visit, void *context,
                               bw_error *error)
{
    uint8_t *text;
    size_t size;
    bw_status status = bw_read_file(&text, &size, path, TEXT_LIMIT, error);
    if (status != BW_OK)
        return status;
    status = bw_number_lines_parse((const char *)text, size, visit, context, error);
    free(text);
    return status == BW_OK ? BW_OK : bw_fail_prefix(error, status, "%s", path);
}
