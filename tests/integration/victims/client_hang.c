// SPDX-License-Identifier: MIT
//
// The client's commands with memory that does not answer.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "client.h"
#include "heap.h"
#include "ion.h"

enum { PAGE = 4096, HEAPS = 4 };

// One that holds up the kernel, too, for which this takes CAP_SYS_PTRACE or the device.
static int open_faults(void)
{
    const int faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
    if (faults >= 0)
        return faults;

    const int device = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
    if (device < 0)
        return -1;
    const int made = ioctl(device, USERFAULTFD_IOC_NEW, O_CLOEXEC);
    close(device);
    return made;
}

// A page that nobody ever fills.
static void *hanging_page(int faults)
{
    struct uffdio_api api = { .api = UFFD_API };
    void *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED || ioctl(faults, UFFDIO_API, &api) != 0)
        return NULL;
    struct uffdio_register range = { .range = { .start = (uintptr_t)memory, .len = PAGE },
                                     .mode = UFFDIO_REGISTER_MODE_MISSING };
    return ioctl(faults, UFFDIO_REGISTER, &range) == 0 ? memory : NULL;
}

// A page with these bytes, which can be read, and into which nobody ever gets to write.
static void *guarded_page(int faults, const unsigned char *bytes, size_t size)
{
    struct uffdio_api api = { .api = UFFD_API };
    void *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED || ioctl(faults, UFFDIO_API, &api) != 0)
        return NULL;
    memcpy(memory, bytes, size);
    struct uffdio_register range = { .range = { .start = (uintptr_t)memory, .len = PAGE },
                                     .mode = UFFDIO_REGISTER_MODE_WP };
    struct uffdio_writeprotect guard = { .range = range.range,
                                         .mode = UFFDIO_WRITEPROTECT_MODE_WP };
    return ioctl(faults, UFFDIO_REGISTER, &range) == 0 &&
                   ioctl(faults, UFFDIO_WRITEPROTECT, &guard) == 0
               ? memory
               : NULL;
}

static atomic_bool touched;

// Says so when somebody touches the page.
static void *announce(void *argument)
{
    const int faults = *(const int *)argument;
    struct uffd_msg event;
    const ssize_t size = read(faults, &event, sizeof(event));
    const int error = errno;

    atomic_store(&touched, true);
    if (size == sizeof(event))
        answer("ok touched");
    else
        answer("error %d", error);
    return NULL;
}

// The ioctl, in which somebody touches `memory`: `ok touched` when the kernel or somebody else
// waits for it; and then what the ioctl came to. Only an error if there can be no such memory.
static void ask_hanging(int faults, void *memory, int fd, unsigned long command, void *argument)
{
    pthread_t thread;

    atomic_store(&touched, false);
    if (memory == NULL || pthread_create(&thread, NULL, announce, &faults) != 0) {
        answer("error %d", errno);
        return;
    }
    int result, error;
    do { // on a very busy machine it may be refused before anybody has come that far
        result = ioctl(fd, command, argument);
        error = errno;
    } while (result < 0 && error == EFAULT && !atomic_load(&touched));

    pthread_join(thread, NULL);
    close(faults);
    munmap(memory, PAGE);
    errno = error;
    answer_result(result);
}

// query-hanging ION: with an array of heaps that hangs.
static void run_query_hanging(char **words)
{
    const int fd = (int)number(words[0]);
    const int faults = open_faults();
    void *memory = faults < 0 ? NULL : hanging_page(faults);
    struct ion_query query = { .cnt = HEAPS, .heaps = (uintptr_t)memory };

    ask_hanging(faults, memory, fd, ION_HEAP_QUERY, &query);
}

// ioctl-hanging FD COMMAND HEX: with a struct that can be read and not written.
static void run_ioctl_hanging(char **words)
{
    unsigned char bytes[PAGE] = { 0 };
    const int fd = (int)number(words[0]);
    const unsigned long command = (unsigned long)number(words[1]);
    const size_t size = from_hex(words[2], bytes, sizeof(bytes));
    const int faults = open_faults();
    void *memory = faults < 0 ? NULL : guarded_page(faults, bytes, size);

    ask_hanging(faults, memory, fd, command, memory);
}

const struct command hang_commands[] = { { "query-hanging", 1, run_query_hanging },
                                         { "ioctl-hanging", 3, run_ioctl_hanging },
                                         { NULL, 0, NULL } };
