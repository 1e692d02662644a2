// SPDX-License-Identifier: MIT
//
// The client's command with a pointer to memory that does not answer.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
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

// query-hanging ION -> `ok touched` when the kernel or somebody else waits for the page; and then
// what the query came to. Only an error if there can be no such page.
static void run_query_hanging(char **words)
{
    int faults = open_faults();
    atomic_store(&touched, false);
    void *memory = faults < 0 ? NULL : hanging_page(faults);
    pthread_t thread;

    if (memory == NULL || pthread_create(&thread, NULL, announce, &faults) != 0) {
        answer("error %d", errno);
        return;
    }
    struct ion_query query = { .cnt = HEAPS, .heaps = (uintptr_t)memory };
    int result, error;
    do { // on a very busy machine the first query may be refused before anybody has come that far
        result = ioctl((int)number(words[0]), ION_HEAP_QUERY, &query);
        error = errno;
    } while (result < 0 && error == EFAULT && !atomic_load(&touched));

    pthread_join(thread, NULL);
    close(faults);
    munmap(memory, PAGE);
    errno = error;
    answer_result(result);
}

const struct command hang_commands[] = { { "query-hanging", 1, run_query_hanging },
                                         { NULL, 0, NULL } };
