/* What a stranger's program looks like; it is valid C and valid C++. */
#include <boxwright/boxwright.h>

#include <stdio.h>

int main(void)
{
    bw_error error;
    bw_model *model;
    bw_model_info info;
    if (bw_model_load(&model, MODEL, "random:1", NULL, &error) != BW_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    bw_model_describe(model, &info);
    printf("%s %d\n", bw_version(), info.classes);
    bw_model_close(&model);
    return 0;
}
