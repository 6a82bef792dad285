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
    if (most == 0 || strlen(text) > 1 << 16 || graph->output_count == 0)
        return BW_OK;
    const char **names = bw_arena_array(&graph->arena, most, sizeof *names);
    if (!names)
        return bw_fail_memory(lowering->error, most * sizeof *names, "class names");
    while (count < most && (names[count] = next_name(&graph->arena, &text)))
        count++;
    if ((int)count == graph->outputs[0].head.classes)
        lowering->out->names = names;
    return BW_OK;
}
