// SPDX-License-Identifier: MIT
#pragma once

/// Hands a buffer to the program at the other end.
void wire_send_buffer(int socket, int buffer);

/// The descriptor of a buffer that the other end has sent.
int wire_receive_buffer(int socket);
