#include "merge/duplicates.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "interrupt.h"
#include "store/read.h"
#include "store/rows.h"

enum { ADD_PLACE, FIND_PLACE, ADD_NUMBER, FIND_NUMBER, STATEMENTS };

static const char *const texts[STATEMENTS] = {
    [ADD_PLACE] = "INSERT INTO places VALUES(?,?,?) ON CONFLICT DO NOTHING",
    [FIND_PLACE] = "SELECT run, result FROM places WHERE path=?",
    [ADD_NUMBER] = "INSERT INTO numbers VALUES(?,?,?) ON CONFLICT DO NOTHING",
    [FIND_NUMBER] = "SELECT path, run FROM numbers WHERE number=?",
};

struct bw_duplicates {
    const bw_merge_runs *runs;
    bw_merge_prefer prefer;
    bool renumber;
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENTS];
    bw_duplicate_counts counts;
    uint64_t sum;
    char example[200]; /* a picture whose results differ, */
    size_t owners[2];  /* and two runs that have it */
};

/* ---- The temporary database ------------------------------------------------------------------ */

static bw_status fail(bw_duplicates *duplicates, bw_error *error)
{
    return bw_fail(
        error, BW_ERROR_IO,
        "the temporary database of the merge cannot be used: %s; TMPDIR names the folder "
        "that it is in",
        sqlite3_errmsg(duplicates->database));
}

static bw_status open_database(bw_duplicates *duplicates, bw_error *error)
{
    static const char schema[] =
        "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-32768;"
        "CREATE TABLE places(path BLOB PRIMARY KEY, run INTEGER, result BLOB)"
        " WITHOUT ROWID;"
        "CREATE TABLE numbers(number INTEGER PRIMARY KEY, path BLOB, run INTEGER); BEGIN";
    if (sqlite3_open_v2("", &duplicates->database,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK ||
        sqlite3_exec(duplicates->database, schema, NULL, NULL, NULL) != SQLITE_OK)
        return fail(duplicates, error);
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v2(duplicates->database, texts[i], -1, &duplicates->statements[i],
                               NULL) != SQLITE_OK)
            return fail(duplicates, error);
    return BW_OK;
}

void bw_duplicates_close(bw_duplicates **duplicates)
{
    if (!duplicates || !*duplicates)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize((*duplicates)->statements[i]);
    sqlite3_close((*duplicates)->database);
    free(*duplicates);
    *duplicates = NULL;
}

/* Runs an insertion; *added tells whether there was room for the key. */
static bw_status insert(bw_duplicates *duplicates, int which, bool *added, bw_error *error)
{
    sqlite3_stmt *statement = duplicates->statements[which];
    bool done = sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_reset(statement);
    *added = done && sqlite3_changes(duplicates->database) > 0;
    return done ? BW_OK : fail(duplicates, error);
}

/* ---- One picture ---------------------------------------------------------------------------- */

typedef XXH128_canonical_t fingerprint;

static fingerprint fingerprint_of(XXH128_hash_t hash)
{
    fingerprint canonical;
    XXH128_canonicalFromHash(&canonical, hash);
    return canonical;
}

static fingerprint path_fingerprint(const char *path)
{
    return fingerprint_of(XXH3_128bits(path, strlen(path)));
}

/* Of the picture's size and boxes, or of the reason why it could not be used. */
static fingerprint result_fingerprint(const bw_record *record)
{
    XXH128_hash_t hash;
    if (record->problem) {
        hash = XXH3_128bits(record->problem->message, strlen(record->problem->message));
    } else {
        const int32_t size[2] = {record->width, record->height};
        hash = XXH3_128bits(size, sizeof size);
        for (size_t i = 0; i < record->count; i++) {
            const bw_detection *box = &record->detections[i];
            const float numbers[6] = {(float)box->class_id, box->score, box->left, box->top,
                                      box->right,           box->bottom};
            hash = XXH3_128bits_withSeed(numbers, sizeof numbers, hash.low64 ^ hash.high64);
        }
    }
    return fingerprint_of(hash);
}

static void bind_fingerprint(sqlite3_stmt *statement, int index, const fingerprint *value)
{
    sqlite3_bind_blob(statement, index, value, sizeof *value, SQLITE_TRANSIENT);
}

static bool is_fingerprint(sqlite3_stmt *row, int column, const fingerprint *value)
{
    return sqlite3_column_bytes(row, column) == sizeof *value &&
           memcmp(sqlite3_column_blob(row, column), value, sizeof *value) == 0;
}

/* A picture whose path is known: of the same run, or of another with the same result or not. */
static bw_status meet_again(bw_duplicates *duplicates, size_t run, const fingerprint *path,
                            const bw_record *record, bw_error *error)
{
    sqlite3_stmt *find = duplicates->statements[FIND_PLACE];
    bind_fingerprint(find, 1, path);
    if (sqlite3_step(find) != SQLITE_ROW)
        return fail(duplicates, error);
    size_t owner = (size_t)sqlite3_column_int64(find, 0);
    fingerprint result = result_fingerprint(record);
    bool same = is_fingerprint(find, 1, &result);
    sqlite3_reset(find);
    if (owner == run)
        return BW_OK;
    if (!same && duplicates->counts.different++ == 0) {
        strncpy(duplicates->example, record->path, sizeof duplicates->example - 1);
        duplicates->owners[0] = owner;
        duplicates->owners[1] = run;
    }
    duplicates->counts.same += same;
    return BW_OK;
}

/* Refuses two pictures of one number, which the same list cannot have given. */
static bw_status check_number(bw_duplicates *duplicates, size_t run, const fingerprint *path,
                              const bw_record *record, bw_error *error)
{
    sqlite3_stmt *find = duplicates->statements[FIND_NUMBER];
    const bw_merge_run *all = duplicates->runs->all;
    sqlite3_bind_int64(find, 1, record->number + all[run].offset);
    if (sqlite3_step(find) != SQLITE_ROW)
        return fail(duplicates, error);
    bool same = is_fingerprint(find, 0, path);
    size_t owner = (size_t)sqlite3_column_int64(find, 1);
    sqlite3_reset(find);
    if (same || duplicates->renumber)
        return BW_OK;
    return bw_fail(error, BW_ERROR_ARGUMENT,
                   "'%.80s' and '%.80s' are shares of different lists: number %lld is '%.120s' in "
                   "the latter alone; merge the shares of each list by themselves, or, where "
                   "pictures came or went meanwhile, add --renumber",
                   all[owner].folder, all[run].folder, (long long)record->number, record->path);
}

static bw_status meet(bw_duplicates *duplicates, size_t run, const bw_record *record,
                      bw_error *error)
{
    fingerprint path = path_fingerprint(record->path), result = result_fingerprint(record);
    sqlite3_stmt *place = duplicates->statements[ADD_PLACE];
    sqlite3_stmt *number = duplicates->statements[ADD_NUMBER];
    const fingerprint both[2] = {path, result};
    const uint64_t where[3] = {duplicates->sum, run, (uint64_t)record->number};
    duplicates->sum = XXH3_64bits_withSeed(both, sizeof both, XXH3_64bits(where, sizeof where));
    bool added = false;
    bind_fingerprint(place, 1, &path);
    sqlite3_bind_int64(place, 2, (sqlite3_int64)run);
    bind_fingerprint(place, 3, &result);
    bw_status status = insert(duplicates, ADD_PLACE, &added, error);
    if (status == BW_OK && !added)
        status = meet_again(duplicates, run, &path, record, error);
    if (status != BW_OK)
        return status;
    sqlite3_bind_int64(number, 1, record->number + duplicates->runs->all[run].offset);
    bind_fingerprint(number, 2, &path);
    sqlite3_bind_int64(number, 3, (sqlite3_int64)run);
    status = insert(duplicates, ADD_NUMBER, &added, error);
    return status == BW_OK && !added ? check_number(duplicates, run, &path, record, error) : status;
}

/* ---- All of them ---------------------------------------------------------------------------- */

static bw_status read_run(bw_duplicates *duplicates, size_t run, bw_error *error)
{
    bw_rows *rows = NULL;
    const bw_row *row = NULL;
    const bw_merge_run *from = &duplicates->runs->all[run];
    bw_status status = bw_rows_open(&rows, from->database, 1, error);
    do {
        if (status == BW_OK)
            status = bw_rows_next(rows, &row, error);
        if (status != BW_OK)
            status = bw_fail_prefix(error, status, "%.200s", from->folder);
        else if (row)
            status = meet(duplicates, run, &row->record, error);
    } while (status == BW_OK && row && !bw_interrupted());
    bw_rows_close(&rows);
    return status;
}

static bw_status check_results(const bw_duplicates *duplicates, bw_error *error)
{
    const bw_merge_run *all = duplicates->runs->all;
    if (duplicates->counts.different == 0 || duplicates->prefer != BW_PREFER_NONE)
        return BW_OK;
    return bw_fail(error, BW_ERROR_ARGUMENT,
                   "%lld picture%s in several runs with different results, such as '%.150s' in "
                   "'%.80s' and '%.80s'; say whose stay: --prefer first, or last",
                   (long long)duplicates->counts.different,
                   duplicates->counts.different == 1 ? " is" : "s are", duplicates->example,
                   all[duplicates->owners[0]].folder, all[duplicates->owners[1]].folder);
}

bw_status bw_duplicates_find(bw_duplicates **out, const bw_merge_runs *runs, bw_merge_prefer prefer,
                             bool renumber, bw_error *error)
{
    bw_duplicates *duplicates = *out = calloc(1, sizeof *duplicates);
    if (!duplicates)
        return bw_fail_memory(error, sizeof *duplicates, "the search for duplicates");
    duplicates->runs = runs;
    duplicates->prefer = prefer;
    duplicates->renumber = renumber;
    bw_status status = open_database(duplicates, error);
    for (size_t i = 0; status == BW_OK && i < runs->count; i++)
        status = read_run(duplicates, prefer == BW_PREFER_LAST ? runs->count - 1 - i : i, error);
    if (status == BW_OK)
        status = check_results(duplicates, error);
    if (status != BW_OK)
        bw_duplicates_close(out);
    return status;
}

bw_status bw_duplicates_keeps(bw_duplicates *duplicates, bool *keeps, size_t run, const char *path,
                              bw_error *error)
{
    *keeps = true;
    if (duplicates->counts.same + duplicates->counts.different == 0)
        return BW_OK;
    sqlite3_stmt *find = duplicates->statements[FIND_PLACE];
    fingerprint key = path_fingerprint(path);
    bind_fingerprint(find, 1, &key);
    bw_status status = sqlite3_step(find) == SQLITE_ROW ? BW_OK : fail(duplicates, error);
    if (status == BW_OK)
        *keeps = (size_t)sqlite3_column_int64(find, 0) == run;
    sqlite3_reset(find);
    return status;
}

bw_duplicate_counts bw_duplicates_count(const bw_duplicates *duplicates)
{
    return duplicates->counts;
}

uint64_t bw_duplicates_sum(const bw_duplicates *duplicates)
{
    return duplicates->sum;
}
