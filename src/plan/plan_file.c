#include "plan/plan_file.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/cpu.h"
#include "base/threads.h"
#include "plan/plan_check.h"
#include "plan/plan_fields.h"
#include "plan/share.h"

enum {
    BYTE_ORDER_WORD = 0x01020304,
    SUMMED_BYTES = 48,        /* of the head */
    LARGEST_TABLES = 1 << 30, /* bytes */
    MOST_THREADS = 8,         /* more than memory keeps busy */
    THREADED_BLOCKS = 4,      /* of weights, at least, before threads are worth it */
};

const uint8_t bw_plan_tag[BW_PLAN_TAG_SIZE] = {0x89, 'B', 'W', 'P', '\r', '\n', 0x1a, '\n'};

static size_t count_blocks(size_t weight_bytes)
{
    return weight_bytes / BW_PLAN_BLOCK + (weight_bytes % BW_PLAN_BLOCK != 0);
}

static uint64_t sum_block(const uint8_t *weights, size_t weight_bytes, size_t block)
{
    size_t start = block * BW_PLAN_BLOCK, left = weight_bytes - start;
    return XXH3_64bits(weights + start, left < BW_PLAN_BLOCK ? left : BW_PLAN_BLOCK);
}

/* ---- Writing -------------------------------------------------------------------------------- */

size_t bw_plan_stored_bytes(const bw_plan *plan)
{
    return plan->stored ? plan->stored_bytes : plan->weight_bytes;
}

static void write_tables(bw_cursor *cursor, const bw_plan *plan)
{
    bw_plan copy = *plan;
    const char *library = bw_version();
    bw_move_origin(cursor, &library, &copy.cpu_features);
    const uint8_t *weights = plan->stored ? plan->stored : plan->weights;
    size_t weight_bytes = bw_plan_stored_bytes(plan);
    for (size_t block = 0; block < count_blocks(weight_bytes); block++) {
        uint64_t sum = sum_block(weights, weight_bytes, block);
        bw_move_u64(cursor, &sum);
    }
    bw_move_plan(cursor, &copy);
}

static void pad_to_page(bw_cursor *cursor)
{
    static const uint8_t zeros[BW_PLAN_PAGE];
    size_t padding = bw_round_up(cursor->size, BW_PLAN_PAGE) - cursor->size;
    bw_move_bytes(cursor, (void *)(uintptr_t)zeros, padding);
}

/* Writes the head over the room that was left for it. */
static void seal(const bw_cursor *tables, size_t weight_bytes)
{
    bw_cursor cursor = {.writing = true, .bytes = tables->bytes, .capacity = tables->capacity};
    bw_plan_head head = {
        .version = BW_PLAN_VERSION,
        .order = BYTE_ORDER_WORD,
        .file_size = tables->size + weight_bytes,
        .weights_offset = tables->size,
        .weight_bytes = weight_bytes,
        .tables_sum =
            XXH3_64bits(tables->bytes + BW_PLAN_HEAD_SIZE, tables->size - BW_PLAN_HEAD_SIZE),
    };
    bw_move_head(&cursor, &head);
    head.head_sum = XXH3_64bits(tables->bytes, SUMMED_BYTES);
    cursor.size = 0;
    bw_move_head(&cursor, &head);
}

bw_status bw_plan_encode(uint8_t **bytes, size_t *size, const bw_plan *plan, bw_error *error)
{
    uint8_t room[BW_PLAN_HEAD_SIZE] = {0};
    bw_cursor cursor = {.writing = true};
    *bytes = NULL;
    *size = 0;
    bw_move_bytes(&cursor, room, sizeof room);
    write_tables(&cursor, plan);
    pad_to_page(&cursor);
    if (cursor.failed || cursor.size > LARGEST_TABLES) {
        free(cursor.bytes);
        return bw_fail_memory(error, cursor.size, "the plan's tables");
    }
    seal(&cursor, bw_plan_stored_bytes(plan));
    *bytes = cursor.bytes;
    *size = cursor.size;
    return BW_OK;
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* Everything that can be told from the head and the file's size. */
static bw_status check_head(bw_plan_head *head, const uint8_t *bytes, size_t size, bw_error *error)
{
    if (size < BW_PLAN_TAG_SIZE || memcmp(bytes, bw_plan_tag, BW_PLAN_TAG_SIZE) != 0)
        return bw_fail(error, BW_ERROR_FORMAT, "is no plan: it does not begin with a plan's tag");
    if (size < BW_PLAN_HEAD_SIZE)
        return bw_fail(error, BW_ERROR_FORMAT, "is cut off after %zu bytes", size);
    bw_cursor cursor = {.from = bytes, .left = size};
    bw_move_head(&cursor, head);
    if (head->order == __builtin_bswap32(BYTE_ORDER_WORD))
        return bw_fail(error, BW_ERROR_UNSUPPORTED,
                       "is for a machine that stores the most significant byte first; build the "
                       "plan again here");
    if (head->version != BW_PLAN_VERSION)
        return bw_fail(error, BW_ERROR_UNSUPPORTED,
                       "is a plan of version %u, but this program reads version %d; build the plan "
                       "again",
                       head->version, BW_PLAN_VERSION);
    if (head->head_sum != XXH3_64bits(bytes, SUMMED_BYTES) || head->order != BYTE_ORDER_WORD)
        return bw_fail(error, BW_ERROR_FORMAT, "is damaged: its head does not match its checksum");
    if (head->file_size != size)
        return bw_fail(error, BW_ERROR_FORMAT, "has %zu bytes, but should have %llu: it is %s",
                       size, (unsigned long long)head->file_size,
                       size < head->file_size ? "cut off" : "followed by something else");
    bool sound = head->weights_offset % BW_PLAN_PAGE == 0 && head->weights_offset > 0 &&
                 head->weights_offset <= LARGEST_TABLES && head->weights_offset <= size &&
                 head->weight_bytes == size - head->weights_offset;
    return sound ? BW_OK : bw_fail(error, BW_ERROR_FORMAT, "has a head that makes no sense");
}

/* Another version of the library packs weights in other ways; other processors lack kernels. */
static bw_status check_origin(const char *library, uint32_t needs, bw_error *error)
{
    if (strcmp(library, bw_version()) != 0)
        return bw_fail(error, BW_ERROR_UNSUPPORTED,
                       "was built by Boxwright %.32s, but this is %s; build the plan again",
                       library, bw_version());
    uint32_t missing = needs & ~bw_cpu_features();
    if (!missing)
        return BW_OK;
    char names[80];
    bw_cpu_describe(names, sizeof names, missing);
    return bw_fail(error, BW_ERROR_UNSUPPORTED,
                   "needs %s, which this machine lacks; build the plan again here", names);
}

typedef struct weights_check {
    const uint8_t *weights;
    size_t weight_bytes;
    const uint8_t *sums; /* u64 each */
    bool *sound;         /* one a worker */
} weights_check;

static void check_blocks(void *context, int first, int last, int worker)
{
    const weights_check *check = context;
    for (int block = first; block < last; block++) {
        bw_cursor cursor = {.from = check->sums + 8 * (size_t)block, .left = 8};
        uint64_t sum;
        bw_move_u64(&cursor, &sum);
        if (sum != sum_block(check->weights, check->weight_bytes, (size_t)block))
            check->sound[worker] = false;
    }
}

static bw_status check_weights(const bw_plan *plan, const uint8_t *sums, bw_error *error)
{
    bool sound[MOST_THREADS];
    memset(sound, true, sizeof sound);
    weights_check check = {plan->weights, plan->weight_bytes, sums, sound};
    int blocks = (int)count_blocks(plan->weight_bytes), threads = bw_cpu_count();
    threads = threads < MOST_THREADS ? threads : MOST_THREADS;
    bw_pool *pool = NULL;
    if (blocks >= THREADED_BLOCKS && threads > 1 && bw_pool_open(&pool, threads, NULL) == BW_OK)
        bw_pool_run(pool, check_blocks, &check, blocks, 1);
    else
        check_blocks(&check, 0, blocks, 0);
    bw_pool_close(&pool);
    for (int thread = 0; thread < MOST_THREADS; thread++) {
        if (!sound[thread])
            return bw_fail(error, BW_ERROR_FORMAT,
                           "is damaged: its weights do not match their checksums");
    }
    return BW_OK;
}

static bw_status read_tables(bw_plan *plan, bw_cursor *cursor, bw_error *error)
{
    const char *library = "";
    bw_move_origin(cursor, &library, &plan->cpu_features);
    bw_status status = cursor->failed ? BW_OK : check_origin(library, plan->cpu_features, error);
    if (status != BW_OK)
        return status;
    const uint8_t *sums = cursor->from;
    size_t bytes = count_blocks(plan->weight_bytes) * 8;
    if (cursor->failed || bytes > cursor->left)
        return bw_fail(error, BW_ERROR_FORMAT, "has tables that end too early");
    cursor->from += bytes;
    cursor->left -= bytes;
    bw_move_plan(cursor, plan);
    if (cursor->failed)
        return bw_fail(error, BW_ERROR_FORMAT, "has tables that make no sense");
    status = bw_plan_check(plan, error);
    if (status == BW_OK)
        status = check_weights(plan, sums, error);
    return status == BW_OK && bw_share_used(plan) ? bw_share_expand(plan, error) : status;
}

static bw_status decode(bw_plan *plan, const uint8_t *bytes, size_t size, bw_error *error)
{
    bw_plan_head head;
    bw_status status = check_head(&head, bytes, size, error);
    if (status != BW_OK)
        return status;
    const uint8_t *tables = bytes + BW_PLAN_HEAD_SIZE;
    size_t table_bytes = (size_t)head.weights_offset - BW_PLAN_HEAD_SIZE;
    if (head.tables_sum != XXH3_64bits(tables, table_bytes))
        return bw_fail(error, BW_ERROR_FORMAT,
                       "is damaged: its tables do not match their checksum");
    plan->weights = bytes + head.weights_offset;
    plan->weight_bytes = (size_t)head.weight_bytes;
    bw_cursor cursor = {.from = tables, .left = table_bytes, .arena = &plan->arena};
    return read_tables(plan, &cursor, error);
}

bw_status bw_plan_decode(bw_plan *plan, const uint8_t *bytes, size_t size, const char *name,
                         bw_error *error)
{
    bw_status status = decode(plan, bytes, size, error);
    if (status != BW_OK && error) {
        bw_error why = *error;
        bw_fail(error, status, "'%s' %s", name, why.message);
    }
    return status;
}
