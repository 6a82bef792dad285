#include "image/jpeg_trap.h"

void bw_jpeg_trap_leave(bw_jpeg_trap *trap, bw_status status)
{
    trap->status = status;
    longjmp(trap->escape, 1);
}

static bw_status status_of(int code)
{
    switch (code) {
    case JERR_OUT_OF_MEMORY: return BW_ERROR_MEMORY;
    case JERR_IMAGE_TOO_BIG: return BW_ERROR_LIMIT;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_SOF_UNSUPPORTED: return BW_ERROR_UNSUPPORTED;
    default: return BW_ERROR_FORMAT;
    }
}

static void on_error(j_common_ptr info)
{
    bw_jpeg_trap *trap = (bw_jpeg_trap *)info->err;
    char text[JMSG_LENGTH_MAX];
    trap->manager.format_message(info, text);
    bw_status status = status_of(trap->manager.msg_code);
    const char *prefix = status == BW_ERROR_FORMAT ? trap->prefix : "JPEG";
    bw_jpeg_trap_leave(trap, bw_fail(trap->error, status, "%s: %s", prefix, text));
}

static void on_message(j_common_ptr info, int level)
{
    if (level < 0)
        info->err->num_warnings++;
}

/* The library prints nothing. */
static void on_output(j_common_ptr info)
{
    (void)info;
}

struct jpeg_error_mgr *bw_jpeg_trap_init(bw_jpeg_trap *trap, const char *prefix, bw_error *error)
{
    trap->prefix = prefix;
    trap->error = error;
    trap->status = BW_OK;
    jpeg_std_error(&trap->manager);
    trap->manager.error_exit = on_error;
    trap->manager.emit_message = on_message;
    trap->manager.output_message = on_output;
    return &trap->manager;
}
