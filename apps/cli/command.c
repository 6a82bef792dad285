#include "command.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool needs_quotes(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_=+./,:@%";
    return *word == '\0' || word[strspn(word, plain)] != '\0';
}

/* Appends a word; every byte may become four ('\''), and two quotes and a space come on top. */
static char *append_word(char *end, const char *word)
{
    *end++ = ' ';
    if (!needs_quotes(word))
        return stpcpy(end, word);
    *end++ = '\'';
    for (; *word; word++) {
        if (*word == '\'')
            end = stpcpy(end, "'\\''");
        else
            *end++ = *word;
    }
    *end++ = '\'';
    return end;
}

char *bw_command_text(const char *verb, int argc, char **argv)
{
    static const char start[] = "boxwright ";
    size_t size = sizeof start + strlen(verb);
    for (int i = 0; i < argc; i++)
        size += 4 * strlen(argv[i]) + 3;
    char *command = malloc(size);
    if (!command)
        return NULL;
    char *end = stpcpy(stpcpy(command, start), verb);
    for (int i = 0; i < argc; i++)
        end = append_word(end, argv[i]);
    *end = '\0';
    return command;
}
