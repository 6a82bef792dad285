#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/label.h"
#include "base/utf8.h"
#include "store/read.h"

static const char schema[] =
    "CREATE TABLE settings(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE classes(id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
    "CREATE TABLE items(number INTEGER PRIMARY KEY, path NOT NULL, name NOT NULL,"
    " label NOT NULL UNIQUE, format TEXT, width INTEGER, height INTEGER, boxes INTEGER,"
    " confidence REAL, source, frame INTEGER, time_ns INTEGER, bytes INTEGER,"
    " modified_ns INTEGER);"
    "CREATE TABLE detections(item INTEGER NOT NULL, rank INTEGER NOT NULL,"
    " class INTEGER NOT NULL, score REAL NOT NULL, left REAL NOT NULL, top REAL NOT NULL,"
    " right REAL NOT NULL, bottom REAL NOT NULL, PRIMARY KEY(item, rank)) WITHOUT ROWID;"
    "CREATE TABLE errors(item INTEGER PRIMARY KEY, kind TEXT NOT NULL, message NOT NULL);"
    "CREATE TABLE thumbnails(item INTEGER PRIMARY KEY, contact INTEGER NOT NULL,"
    " width INTEGER NOT NULL, height INTEGER NOT NULL, jpeg BLOB NOT NULL);"
    "CREATE TABLE repeats(base PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;";

typedef enum statement {
    ADD_SETTING,
    ADD_CLASS,
    ADD_ITEM,
    ADD_DETECTION,
    ADD_ERROR,
    COUNT_REPEAT,
    KEEP_THUMBNAIL,
    LEAVE_CONTACT,
    DROP_THUMBNAIL,
    STATEMENTS
} statement;

static const char *const statement_texts[STATEMENTS] = {
    [ADD_SETTING] = "INSERT OR REPLACE INTO settings VALUES(?,?)",
    [ADD_CLASS] = "INSERT INTO classes VALUES(?,?)",
    [ADD_ITEM] = ("INSERT INTO items VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
                  " ON CONFLICT(label) DO NOTHING"),
    [ADD_DETECTION] = "INSERT INTO detections VALUES(?,?,?,?,?,?,?,?)",
    [ADD_ERROR] = "INSERT INTO errors VALUES(?,?,?)",
    [COUNT_REPEAT] = ("INSERT INTO repeats VALUES(?,2)"
                      " ON CONFLICT(base) DO UPDATE SET last=last+1 RETURNING last"),
    [KEEP_THUMBNAIL] = "INSERT OR REPLACE INTO thumbnails VALUES(?,?,?,?,?)",
    [LEAVE_CONTACT] = "UPDATE thumbnails SET contact=0 WHERE item=?",
    [DROP_THUMBNAIL] = "DELETE FROM thumbnails WHERE item=? AND contact=0",
};

struct bw_store {
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENTS];
    char *label; /* of the last item */
};

/* ---- SQLite --------------------------------------------------------------------------------- */

bw_status bw_store_fail(bw_store *store, bw_error *error)
{
    int code = sqlite3_errcode(store->database) & 0xFF;
    return bw_fail(error, BW_ERROR_IO, "the run's database '%s' cannot be used: %s%s",
                   sqlite3_db_filename(store->database, "main"), sqlite3_errmsg(store->database),
                   code == SQLITE_FULL ? "; make room, and give the same command" : "");
}

static bw_status execute(bw_store *store, const char *sql, bw_error *error)
{
    return sqlite3_exec(store->database, sql, NULL, NULL, NULL) == SQLITE_OK
               ? BW_OK
               : bw_store_fail(store, error);
}

/* Steps a statement that yields no rows, and makes it ready for its next use. */
static bw_status run_statement(bw_store *store, statement which, bw_error *error)
{
    sqlite3_stmt *compiled = store->statements[which];
    bw_status status = sqlite3_step(compiled) == SQLITE_DONE ? BW_OK : bw_store_fail(store, error);
    sqlite3_reset(compiled);
    return status;
}

/* Binds bytes as text where they are that, and as a blob otherwise. */
static void bind_text(sqlite3_stmt *compiled, int index, const char *text)
{
    size_t length = strlen(text);
    if (bw_utf8_valid(text, length))
        sqlite3_bind_text64(compiled, index, text, length, SQLITE_STATIC, SQLITE_UTF8);
    else
        sqlite3_bind_blob64(compiled, index, text, length, SQLITE_STATIC);
}

static bw_status prepare(bw_store *store, bw_error *error)
{
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(store->database, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->statements[i], NULL) != SQLITE_OK)
            return bw_store_fail(store, error);
    return BW_OK;
}

/* How long to wait for those who read the database while a run is written. */
enum { READERS_MILLISECONDS = 10000 };

static bw_status connect(bw_store *store, const char *path, int create, bw_error *error)
{
    int flags = SQLITE_OPEN_READWRITE | create | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &store->database, flags, NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(store->database, READERS_MILLISECONDS);
        return BW_OK;
    }
    return bw_fail(error, BW_ERROR_IO, "cannot %s '%s': %s", create ? "create" : "open", path,
                   store->database ? sqlite3_errmsg(store->database) : "out of memory");
}

/* SQLite stays with another journal, without an error, where this one cannot be. */
static bw_status turn_to_wal(bw_store *store, bw_error *error)
{
    sqlite3_stmt *query = NULL;
    bw_status status = execute(store, "PRAGMA journal_mode=WAL", error);
    if (status == BW_OK)
        status = bw_store_query(store, &query, "PRAGMA journal_mode", error);
    if (status == BW_OK && (sqlite3_step(query) != SQLITE_ROW ||
                            strcmp((const char *)sqlite3_column_text(query, 0), "wal") != 0))
        status = bw_fail(error, BW_ERROR_IO, "the run's database cannot have a write-ahead log: %s",
                         sqlite3_errmsg(store->database));
    sqlite3_finalize(query);
    return status;
}

static bw_status begin(bw_store *store, bw_error *error)
{
    bw_status status = execute(store, "PRAGMA locking_mode=EXCLUSIVE", error);
    if (status == BW_OK)
        status = turn_to_wal(store, error);
    if (status == BW_OK)
        status = execute(store, "PRAGMA synchronous=FULL; BEGIN IMMEDIATE;", error);
    return status;
}

static bw_status create_database(bw_store *store, const char *path, bw_error *error)
{
    char identity[100];
    snprintf(identity, sizeof identity, "PRAGMA application_id=%d; PRAGMA user_version=%d;",
             BW_STORE_APPLICATION_ID, BW_STORE_SCHEMA_VERSION);
    bw_status status = connect(store, path, SQLITE_OPEN_CREATE, error);
    if (status == BW_OK)
        status = begin(store, error);
    if (status == BW_OK)
        status = execute(store, identity, error);
    if (status == BW_OK)
        status = execute(store, schema, error);
    return status == BW_OK ? prepare(store, error) : status;
}

static bw_status check_identity(bw_store *store, const char *path, bw_error *error)
{
    if (bw_run_pragma(store->database, "PRAGMA application_id") != BW_STORE_APPLICATION_ID)
        return bw_fail(error, BW_ERROR_FORMAT,
                       "'%s' is not the database of a run, or is damaged; choose another folder",
                       path);
    int version = bw_run_pragma(store->database, "PRAGMA user_version");
    if (version == BW_STORE_SCHEMA_VERSION)
        return BW_OK;
    return bw_fail(error, BW_ERROR_UNSUPPORTED,
                   "'%s' was written by another version of this program (its form is %d, this "
                   "one's is %d); finish the run with that version, or choose another folder",
                   path, version, BW_STORE_SCHEMA_VERSION);
}

static bw_status open_database(bw_store *store, const char *path, bw_error *error)
{
    bw_status status = connect(store, path, 0, error);
    if (status == BW_OK)
        status = check_identity(store, path, error);
    if (status == BW_OK)
        status = begin(store, error);
    return status == BW_OK ? prepare(store, error) : status;
}

static void free_store(bw_store *store)
{
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->database);
    free(store->label);
    free(store);
}

typedef bw_status store_opener(bw_store *store, const char *path, bw_error *error);

static bw_status open_with(bw_store **out, store_opener *opener, const char *path, bw_error *error)
{
    *out = NULL;
    bw_store *store = calloc(1, sizeof *store);
    if (!store)
        return bw_fail_memory(error, sizeof *store, "the run's database");
    bw_status status = opener(store, path, error);
    if (status == BW_OK)
        *out = store;
    else
        free_store(store);
    return status;
}

bw_status bw_store_create(bw_store **out, const char *path, bw_error *error)
{
    return open_with(out, create_database, path, error);
}

bw_status bw_store_open(bw_store **out, const char *path, bw_error *error)
{
    return open_with(out, open_database, path, error);
}

bw_status bw_store_commit(bw_store *store, bw_error *error)
{
    return execute(store, "COMMIT; BEGIN IMMEDIATE;", error);
}

bw_status bw_store_roll_back(bw_store *store, bw_error *error)
{
    bool open = !sqlite3_get_autocommit(store->database);
    return execute(store, open ? "ROLLBACK; BEGIN IMMEDIATE;" : "BEGIN IMMEDIATE;", error);
}

bw_status bw_store_forget_failed(bw_store *store, bw_error *error)
{
    static const char last[] =
        "number > (SELECT ifnull(max(number), 0) FROM items WHERE boxes IS NOT NULL)";
    char sql[400];
    snprintf(sql, sizeof sql,
             "DELETE FROM errors WHERE item IN (SELECT number FROM items WHERE %s);"
             " DELETE FROM items WHERE %s",
             last, last);
    bw_status status = bw_store_roll_back(store, error);
    return status == BW_OK ? execute(store, sql, error) : status;
}

sqlite3 *bw_store_database(bw_store *store)
{
    return store->database;
}

bw_status bw_store_query(bw_store *store, sqlite3_stmt **out, const char *sql, bw_error *error)
{
    return bw_run_query(store->database, out, sql, error);
}

bw_status bw_store_close(bw_store **store, bw_error *error)
{
    if (!store || !*store)
        return BW_OK;
    bw_status status = BW_OK;
    if (!sqlite3_get_autocommit((*store)->database))
        status = execute(*store, "COMMIT;", error);
    if (status == BW_OK)
        status = execute(*store, "PRAGMA wal_checkpoint(TRUNCATE);", error);
    free_store(*store);
    *store = NULL;
    return status;
}

/* ---- Rows ----------------------------------------------------------------------------------- */

bw_status bw_store_set(bw_store *store, const char *key, const char *value, bw_error *error)
{
    char *clean = bw_utf8_clean(value, false);
    if (!clean)
        return bw_fail_memory(error, strlen(value), "a setting");
    sqlite3_bind_text(store->statements[ADD_SETTING], 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_text(store->statements[ADD_SETTING], 2, clean, -1, SQLITE_STATIC);
    bw_status status = run_statement(store, ADD_SETTING, error);
    free(clean);
    return status;
}

bw_status bw_store_get(bw_store *store, const char *key, bw_arena *arena, const char **value,
                       bw_error *error)
{
    return bw_run_setting(value, store->database, key, arena, error);
}

bw_status bw_store_add_classes(bw_store *store, const char *const *names, int count,
                               bw_error *error)
{
    bw_status status = BW_OK;
    for (int i = 0; status == BW_OK && i < count; i++) {
        sqlite3_bind_int(store->statements[ADD_CLASS], 1, i);
        bind_text(store->statements[ADD_CLASS], 2, names[i]);
        status = run_statement(store, ADD_CLASS, error);
    }
    return status;
}

static double mean_score(const bw_record *record)
{
    double sum = 0;
    for (size_t i = 0; i < record->count; i++)
        sum += (double)record->detections[i].score;
    return sum / (double)record->count;
}

static void bind_origin(sqlite3_stmt *compiled, const bw_record *record)
{
    if (record->source)
        bind_text(compiled, 10, record->source);
    if (record->frame >= 0) {
        sqlite3_bind_int64(compiled, 11, record->frame);
        sqlite3_bind_int64(compiled, 12, record->time_ns);
    }
    if (record->bytes >= 0) {
        sqlite3_bind_int64(compiled, 13, record->bytes);
        sqlite3_bind_int64(compiled, 14, record->modified_ns);
    }
}

/* Adds the item under `label`; *added tells whether that was free. */
static bw_status try_item(bw_store *store, const bw_record *record, const char *label, bool *added,
                          bw_error *error)
{
    sqlite3_stmt *compiled = store->statements[ADD_ITEM];
    sqlite3_clear_bindings(compiled);
    sqlite3_bind_int64(compiled, 1, record->number);
    bind_text(compiled, 2, record->path);
    bind_text(compiled, 3, record->name);
    bind_text(compiled, 4, label);
    bind_origin(compiled, record);
    if (!record->problem) {
        if (record->format)
            sqlite3_bind_text(compiled, 5, record->format, -1, SQLITE_STATIC);
        sqlite3_bind_int(compiled, 6, record->width);
        sqlite3_bind_int(compiled, 7, record->height);
        sqlite3_bind_int64(compiled, 8, (sqlite3_int64)record->count);
        if (record->count > 0)
            sqlite3_bind_double(compiled, 9, mean_score(record));
    }
    bw_status status = run_statement(store, ADD_ITEM, error);
    *added = sqlite3_changes(store->database) > 0;
    return status;
}

static bw_status next_repeat(bw_store *store, const char *base, int64_t *number, bw_error *error)
{
    sqlite3_stmt *compiled = store->statements[COUNT_REPEAT];
    bind_text(compiled, 1, base);
    bw_status status = BW_OK;
    if (sqlite3_step(compiled) == SQLITE_ROW)
        *number = sqlite3_column_int64(compiled, 0);
    else
        status = bw_store_fail(store, error);
    sqlite3_reset(compiled);
    return status;
}

/* Tries a label; takes it over, as the store's own, when it was free. */
static bw_status try_label(bw_store *store, const bw_record *record, char *label, bool *added,
                           bw_error *error)
{
    if (!label)
        return bw_fail_memory(error, strlen(record->name), "a label");
    bw_status status = try_item(store, record, label, added, error);
    if (status == BW_OK && *added) {
        free(store->label);
        store->label = label;
    } else {
        free(label);
    }
    return status;
}

static bw_status add_item(bw_store *store, const bw_record *record, bw_error *error)
{
    bool added = false;
    bw_status status = try_label(store, record, bw_label_make(record->name, false), &added, error);
    if (status == BW_OK && !added)
        status = try_label(store, record, bw_label_make(record->name, true), &added, error);
    if (status != BW_OK || added)
        return status;
    char *base = bw_label_make(record->name, true);
    if (!base)
        return bw_fail_memory(error, strlen(record->name), "a label");
    while (status == BW_OK && !added) {
        int64_t number = 0;
        char *label = NULL;
        status = next_repeat(store, base, &number, error);
        if (status == BW_OK && asprintf(&label, "%s-%lld", base, (long long)number) < 0)
            label = NULL;
        if (status == BW_OK)
            status = try_label(store, record, label, &added, error);
    }
    free(base);
    return status;
}

static bw_status add_detections(bw_store *store, const bw_record *record, bw_error *error)
{
    sqlite3_stmt *compiled = store->statements[ADD_DETECTION];
    bw_status status = BW_OK;
    for (size_t i = 0; status == BW_OK && i < record->count; i++) {
        const bw_detection *box = &record->detections[i];
        sqlite3_bind_int64(compiled, 1, record->number);
        sqlite3_bind_int64(compiled, 2, (sqlite3_int64)i);
        sqlite3_bind_int(compiled, 3, box->class_id);
        sqlite3_bind_double(compiled, 4, (double)box->score);
        sqlite3_bind_double(compiled, 5, (double)box->left);
        sqlite3_bind_double(compiled, 6, (double)box->top);
        sqlite3_bind_double(compiled, 7, (double)box->right);
        sqlite3_bind_double(compiled, 8, (double)box->bottom);
        status = run_statement(store, ADD_DETECTION, error);
    }
    return status;
}

static bw_status add_error(bw_store *store, const bw_record *record, bw_error *error)
{
    sqlite3_stmt *compiled = store->statements[ADD_ERROR];
    sqlite3_bind_int64(compiled, 1, record->number);
    sqlite3_bind_text(compiled, 2, bw_status_name(record->problem->status), -1, SQLITE_STATIC);
    bind_text(compiled, 3, record->problem->message);
    return run_statement(store, ADD_ERROR, error);
}

bw_status bw_store_add(bw_store *store, const bw_record *record, const char **label,
                       bw_error *error)
{
    bw_status status = add_item(store, record, error);
    if (status == BW_OK && record->problem)
        status = add_error(store, record, error);
    else if (status == BW_OK)
        status = add_detections(store, record, error);
    *label = store->label;
    return status;
}

bw_status bw_store_keep_thumbnail(bw_store *store, const bw_thumbnail *thumbnail, bw_error *error)
{
    sqlite3_stmt *compiled = store->statements[KEEP_THUMBNAIL];
    sqlite3_bind_int64(compiled, 1, thumbnail->item);
    sqlite3_bind_int(compiled, 2, thumbnail->contact);
    sqlite3_bind_int(compiled, 3, thumbnail->width);
    sqlite3_bind_int(compiled, 4, thumbnail->height);
    sqlite3_bind_blob64(compiled, 5, thumbnail->jpeg, thumbnail->bytes, SQLITE_STATIC);
    return run_statement(store, KEEP_THUMBNAIL, error);
}

bw_status bw_store_leave_contact(bw_store *store, int64_t item, bw_error *error)
{
    sqlite3_bind_int64(store->statements[LEAVE_CONTACT], 1, item);
    return run_statement(store, LEAVE_CONTACT, error);
}

bw_status bw_store_drop_thumbnail(bw_store *store, int64_t item, bw_error *error)
{
    sqlite3_bind_int64(store->statements[DROP_THUMBNAIL], 1, item);
    return run_statement(store, DROP_THUMBNAIL, error);
}
