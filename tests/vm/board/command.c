// SPDX-License-Identifier: MIT
#include "command.h"

#include <errno.h>
#include <unistd.h>

#include <sys/wait.h>

#include "heap.h"

void run_command(char **command)
{
    int status = 0;
    const pid_t child = fork();

    if (child == -1)
        give_up("fork");
    if (child == 0) {
        execvp(command[0], command);
        give_up(command[0]);
    }
    if (waitpid(child, &status, 0) == -1)
        give_up("waitpid");
    errno = ECHILD;
    if (status != 0)
        give_up("the command failed");
}
