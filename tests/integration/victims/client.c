// SPDX-License-Identifier: MIT
//
// A dma-heap client that does what it is told: reads one command a line, answers with one line,
// `ok [VALUES]` or `error ERRNO [VALUES]`. Its third descriptor is a socket to another client.
#include "client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heap.h"

static const struct command *const tables[] = { descriptor_commands, memory_commands,
                                                ioctl_commands, process_commands, hang_commands };

static void say(const char *format, va_list values)
{
    static char line[LINE_SIZE];
    const int length = vsnprintf(line, sizeof(line) - 1, format, values);

    if (length < 0 || length >= (int)sizeof(line) - 1)
        fail("an answer is too long");
    line[length] = '\n';
    if (write(STDOUT_FILENO, line, (size_t)length + 1) != length + 1)
        _exit(1);
}

void answer(const char *format, ...)
{
    va_list values;

    va_start(values, format);
    say(format, values);
    va_end(values);
}

void answer_result(long long result)
{
    if (result < 0)
        answer("error %d", errno);
    else
        answer("ok %lld", result);
}

static const struct command *find(const char *name)
{
    for (size_t table = 0; table < sizeof(tables) / sizeof(tables[0]); table++)
        for (const struct command *command = tables[table]; command->name != NULL; command++)
            if (strcmp(command->name, name) == 0)
                return command;
    return NULL;
}

static int split(char *line, char *words[static MAX_WORDS + 1])
{
    int count = 0;

    for (char *word = strtok(line, " \n"); word != NULL && count < MAX_WORDS;
         word = strtok(NULL, " \n"))
        words[count++] = word;
    words[count] = NULL;
    return count;
}

static void obey(char *line)
{
    char *words[MAX_WORDS + 1];
    const int count = split(line, words);
    if (count == 0)
        return;

    const struct command *command = find(words[0]);
    errno = EINVAL;
    if (command == NULL || count - 1 < command->arguments)
        fail(words[0]);
    command->run(words + 1);
}

int main(int argc, char **argv)
{
    static char line[LINE_SIZE];

    (void)argc;
    program = argv[0];
    // Without a buffer, because the program may replace itself between two commands.
    setvbuf(stdin, NULL, _IONBF, 0);
    // The heap is there from the start, because this program's mappings are counted.
    void *volatile memory = malloc(16384);
    free(memory);
    while (fgets(line, sizeof(line), stdin) != NULL)
        obey(line);
    return 0;
}
