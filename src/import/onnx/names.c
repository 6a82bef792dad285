/**
 * Class names of the metadata: a dictionary or list as Python writes it, {0: 'person', …}.
 */
#include <stdlib.h>
#include <string.h>

#include "import/onnx/lower.h"

/* The next quoted text, its backslashes taken; NULL at the end. Advances `*text`. */
static char *next_name(bw_arena *arena, const char **text)
{
    const char *start = strpbrk(*text, "'\"");
    if (!start)
        return NULL;
    char quote = *start++;
    const char *end = start;
    while (*end && *end != quote)
        end += *end == '\\' && end[1] ? 2 : 1;
    char *name = *end ? bw_arena_text(arena, start, (size_t)(end - start)) : NULL;
    if (!name)
        return NULL;
    size_t length = 0;
    for (; start < end; start++) {
        start += *start == '\\';
        name[length++] = *start;
    }
    name[length] = '\0';
    *text = end + 1;
    return name;
}

static size_t count_quotes(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '\'' || *text == '"';
    return count;
}

bw_status bw_onnx_read_names(bw_onnx_lowering *lowering)
{
    const char *text = bw_onnx_find_metadata(lowering->file, "names");
    size_t most = text ? count_quotes(text) / 2 : 0, count = 0;
    bw_graph *graph = lowering->graph;
    if (most == 0 || strlen(text) > 1 << 16)
        return BW_OK;
    const char **names = bw_arena_array(&graph->arena, most, sizeof *names);
    if (!names)
        return bw_fail_memory(lowering->error, most * sizeof *names, "class names");
    while (count < most && (names[count] = next_name(&graph->arena, &text)))
        count++;
    lowering->names = names;
    lowering->name_count = count;
    return BW_OK;
}

bw_status bw_onnx_choose_names(bw_onnx_lowering *lowering)
{
    const bw_side *side = lowering->side;
    const bw_graph *graph = lowering->graph;
    size_t classes = graph->output_count ? (size_t)graph->outputs[0].head.classes : 0;
    size_t said = side->name_count ? side->name_count : (size_t)side->classes;
    if (said && said != classes)
        return bw_fail(lowering->error, BW_ERROR_FORMAT,
                       "%s: it tells %zu classes, but the network has %zu", side->path, said,
                       classes);
    if (side->name_count)
        lowering->out->names = side->names;
    else if (lowering->name_count == classes)
        lowering->out->names = lowering->names;
    return BW_OK;
}
