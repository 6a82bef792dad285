#include "merge/contact.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/read.h"
#include "thumbnails.h"

/* The one of this number, or the next beyond it, or the end. */
static size_t find(const bw_join *join, int64_t number)
{
    size_t low = 0, high = join->thumbnail_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (join->thumbnails[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bw_status copy(const bw_join *join, size_t at, bw_store *store, bool contact,
                      bw_error *error)
{
    const bw_merge_thumbnail *from = &join->thumbnails[at];
    sqlite3 *database = join->runs->all[from->run].database;
    sqlite3_stmt *query = NULL;
    bw_status status = bw_run_query(
        database, &query, "SELECT width, height, jpeg FROM thumbnails WHERE item = ?", error);
    if (status == BW_OK) {
        sqlite3_bind_int64(query, 1, from->item);
        if (sqlite3_step(query) == SQLITE_ROW) {
            bw_thumbnail thumbnail = {.item = from->number,
                                      .contact = contact,
                                      .width = sqlite3_column_int(query, 0),
                                      .height = sqlite3_column_int(query, 1),
                                      .jpeg = sqlite3_column_blob(query, 2),
                                      .bytes = (size_t)sqlite3_column_bytes(query, 2)};
            status = bw_store_keep_thumbnail(store, &thumbnail, error);
        } else {
            status = bw_run_fail(database, error);
        }
    }
    sqlite3_finalize(query);
    return status;
}

/* Whether the picture's file is the one that was annotated. */
static bool is_unchanged(const char *path, sqlite3_stmt *row)
{
    struct stat status;
    return stat(path, &status) == 0 && status.st_size == sqlite3_column_int64(row, 1) &&
           status.st_mtim.tv_sec * INT64_C(1000000000) + status.st_mtim.tv_nsec ==
               sqlite3_column_int64(row, 2);
}

/* Makes the thumbnail from the picture; `*made` tells whether that could be. */
static bw_status make(bw_store *store, int64_t number, bool contact, bool *made, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_image image = {0};
    bw_decode_options options;
    bw_decode_options_init(&options);
    *made = false;
    bw_status status = bw_run_ignores_exif(&options.ignore_exif, bw_store_database(store), error);
    if (status == BW_OK)
        status = bw_store_query(store, &query,
                                "SELECT CAST(path AS TEXT), bytes, modified_ns FROM items"
                                " WHERE number = ? AND bytes IS NOT NULL",
                                error);
    if (status == BW_OK) {
        sqlite3_bind_int64(query, 1, number);
        const char *path =
            sqlite3_step(query) == SQLITE_ROW ? (const char *)sqlite3_column_text(query, 0) : NULL;
        *made = path && is_unchanged(path, query) &&
                bw_image_read(&image, path, &options, NULL) == BW_OK;
    }
    if (*made)
        status = bw_thumbnails_keep(store, number, contact, &image, error);
    bw_image_clear(&image);
    sqlite3_finalize(query);
    return status;
}

/* The contact picture's nearest neighbour that has a thumbnail; they are few. */
static bw_status take_nearest(const bw_join *join, bw_store *store, int64_t number, bw_error *error)
{
    size_t next = find(join, number);
    if (join->thumbnail_count == 0)
        return BW_OK;
    if (next == join->thumbnail_count || (next > 0 && number - join->thumbnails[next - 1].number <
                                                          join->thumbnails[next].number - number))
        next--;
    return copy(join, next, store, true, error);
}

static bw_status keep(const bw_join *join, bw_store *store, int64_t number, bool contact,
                      bw_error *error)
{
    size_t at = find(join, number);
    bool made;
    if (at < join->thumbnail_count && join->thumbnails[at].number == number)
        return copy(join, at, store, contact, error);
    bw_status status = make(store, number, contact, &made, error);
    return status == BW_OK && !made && contact ? take_nearest(join, store, number, error) : status;
}

bw_status bw_merge_contact(const bw_join *join, bw_store *store, bw_error *error)
{
    bw_thumbnails chosen = {0};
    bw_status status = bw_thumbnails_restore(&chosen, store, error);
    for (int i = 0; status == BW_OK && i < chosen.uncertain_count; i++)
        status = keep(join, store, chosen.uncertain[i], false, error);
    for (int i = 0; status == BW_OK && i < chosen.contact_count; i++)
        status = keep(join, store, chosen.contact[i], true, error);
    return status;
}
