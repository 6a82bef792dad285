#include "pipeline/share.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { MOST_SHARES = 100000 };

bw_status bw_read_share(const bw_option *option, void *field, const char *text, bw_error *error)
{
    bw_share *share = field;
    char *end;
    long index = strtol(text, &end, 10);
    long count = *end == '/' ? strtol(end + 1, &end, 10) : 0;
    if (*end == '\0' && index >= 1 && index <= count && count <= MOST_SHARES) {
        *share = (bw_share){(int)index, (int)count};
        return BW_OK;
    }
    return bw_fail(error, BW_ERROR_ARGUMENT,
                   "--%s: '%s' is not a share such as 2/8, the second of eight (%d at most)",
                   option->name, text, MOST_SHARES);
}

bool bw_share_has(bw_share share, const char *name)
{
    return share.count == 0 ||
           XXH3_64bits(name, strlen(name)) % (uint64_t)share.count == (uint64_t)(share.index - 1);
}
