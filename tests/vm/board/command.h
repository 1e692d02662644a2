// SPDX-License-Identifier: MIT
#pragma once

/// Runs a command, given as for execvp(), to its end; if it fails, so does the program.
void run_command(char **command);
