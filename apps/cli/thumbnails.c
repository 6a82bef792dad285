#include "thumbnails.h"

#include <string.h>

enum { SIDE = 360, QUALITY = 82 };

/* ---- Least certain
 * ------------------------------------------------------------------------------- */

static bool is_uncertain(const bw_thumbnails *thumbnails, int64_t item)
{
    for (int i = 0; i < thumbnails->uncertain_count; i++)
        if (thumbnails->uncertain[i] == item)
            return true;
    return false;
}

static bool deserves_place(const bw_thumbnails *thumbnails, double confidence)
{
    int count = thumbnails->uncertain_count;
    return confidence >= 0 &&
           (count < BW_UNCERTAIN_PICTURES || confidence < thumbnails->confidence[count - 1]);
}

/* Sorts the item in; `*left` is the one that lost its place, or 0. */
static void insert_uncertain(bw_thumbnails *thumbnails, int64_t item, double confidence,
                             int64_t *left)
{
    *left = 0;
    if (thumbnails->uncertain_count == BW_UNCERTAIN_PICTURES)
        *left = thumbnails->uncertain[--thumbnails->uncertain_count];
    int at = thumbnails->uncertain_count++;
    for (; at > 0 && thumbnails->confidence[at - 1] > confidence; at--) {
        thumbnails->confidence[at] = thumbnails->confidence[at - 1];
        thumbnails->uncertain[at] = thumbnails->uncertain[at - 1];
    }
    thumbnails->confidence[at] = confidence;
    thumbnails->uncertain[at] = item;
}

/* ---- Contact sheet
 * ------------------------------------------------------------------------------- */

static bw_status leave_contact(const bw_thumbnails *thumbnails, bw_store *store, int64_t item,
                               bw_error *error)
{
    bw_status status = bw_store_leave_contact(store, item, error);
    if (status == BW_OK && !is_uncertain(thumbnails, item))
        status = bw_store_drop_thumbnail(store, item, error);
    return status;
}

/* Takes every second picture off the sheet. */
static bw_status thin_contact(bw_thumbnails *thumbnails, bw_store *store, bw_error *error)
{
    int64_t step = 2 * (thumbnails->skip + 1);
    thumbnails->skip = step - 1;
    bw_status status = BW_OK;
    int kept = 0;
    for (int i = 0; status == BW_OK && i < thumbnails->contact_count; i++) {
        if (thumbnails->contact_index[i] % step != 0) {
            status = leave_contact(thumbnails, store, thumbnails->contact[i], error);
            continue;
        }
        thumbnails->contact[kept] = thumbnails->contact[i];
        thumbnails->contact_index[kept++] = thumbnails->contact_index[i];
    }
    thumbnails->contact_count = kept;
    return status;
}

bw_status bw_thumbnails_keep(bw_store *store, int64_t item, bool contact, const bw_image *image,
                             bw_error *error)
{
    bw_image small = {0};
    uint8_t *jpeg = NULL;
    size_t bytes = 0;
    bw_status status = bw_image_thumbnail(&small, image, SIDE, error);
    if (status == BW_OK)
        status = bw_image_encode_jpeg(&jpeg, &bytes, &small, QUALITY, error);
    if (status == BW_OK) {
        bw_thumbnail thumbnail = {item, contact, small.width, small.height, jpeg, bytes};
        status = bw_store_keep_thumbnail(store, &thumbnail, error);
    }
    bw_free(jpeg);
    bw_image_clear(&small);
    return status;
}

/* Considers a picture; without an image, its thumbnail is in the database if it has one. */
static bw_status consider(bw_thumbnails *thumbnails, bw_store *store, int64_t item,
                          const bw_image *image, double confidence, bw_error *error)
{
    int64_t index = thumbnails->seen++, left = 0;
    bool contact = index % (thumbnails->skip + 1) == 0;
    bool uncertain = deserves_place(thumbnails, confidence);
    if (!contact && !uncertain)
        return BW_OK;
    bw_status status = image ? bw_thumbnails_keep(store, item, contact, image, error) : BW_OK;
    if (uncertain)
        insert_uncertain(thumbnails, item, confidence, &left);
    if (status == BW_OK && left)
        status = bw_store_drop_thumbnail(store, left, error);
    if (!contact || status != BW_OK)
        return status;
    thumbnails->contact[thumbnails->contact_count] = item;
    thumbnails->contact_index[thumbnails->contact_count++] = index;
    if (thumbnails->contact_count > BW_CONTACT_PICTURES)
        status = thin_contact(thumbnails, store, error);
    return status;
}

bw_status bw_thumbnails_consider(bw_thumbnails *thumbnails, bw_store *store, int64_t item,
                                 const bw_image *image, double confidence, bw_error *error)
{
    return consider(thumbnails, store, item, image, confidence, error);
}

/* What is dropped again is gone already: the decisions are the same. */
bw_status bw_thumbnails_restore(bw_thumbnails *thumbnails, bw_store *store, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status = bw_store_query(
        store, &query,
        "SELECT number, ifnull(confidence, -1) FROM items WHERE boxes IS NOT NULL ORDER BY number",
        error);
    while (status == BW_OK && sqlite3_step(query) == SQLITE_ROW)
        status = consider(thumbnails, store, sqlite3_column_int64(query, 0), NULL,
                          sqlite3_column_double(query, 1), error);
    sqlite3_finalize(query);
    return status;
}
