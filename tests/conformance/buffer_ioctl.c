// SPDX-License-Identifier: MIT
// Commands that a buffer does not know.
#include <asm/ioctls.h>
#include <fcntl.h>
#include <string.h>

#include <linux/dma-heap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "client.h"
#include "report.h"

static void unknown(const struct row *row)
{
    static unsigned char space[256], zero[256];
    int buffer = allocate(2 * page, O_RDWR);
    struct census before = take_census();

    say_result(ioctl(buffer, (unsigned long)row->arg[0], row->arg[1] != 0 ? NULL : space));
    say(", argument %s", memcmp(space, zero, sizeof(space)) == 0 ? "as passed" : "changed");
    say_change(before);
}

/// Commands whose answer is a number.
static void number(const struct row *row)
{
    int answer = -1;

    say_result(ioctl(allocate(2 * page, O_RDWR), (unsigned long)row->arg[0], &answer));
    say(", %d", answer);
}

/// Commands that the kernel answers for every file.
static void of_vfs(const struct row *row)
{
    int on = 1, buffer = allocate(page, O_RDWR);

    say_result(ioctl(buffer, (unsigned long)row->arg[0], &on));
    say(", ");
    say_flags(fcntl(buffer, F_GETFL));
    say("%s", fcntl(buffer, F_GETFD) == FD_CLOEXEC ? ", FD_CLOEXEC" : ", 0");
}

#define IOCTL(name, number) ROW("buffer.ioctl." name, unknown, .arg = { (number) })
#define WITH_NULL(name, number) ROW("buffer.ioctl." name, unknown, .arg = { (number), 1 })
#define NUMBER(name, command) ROW("buffer.ioctl." name, number, .arg = { (command) })
#define OF_VFS(name, number) ROW("buffer.ioctl." name, of_vfs, .arg = { (number) })

static const struct row rows[] = {
    IOCTL("0", 0),
    IOCTL("minus-1", UINT32_MAX),
    IOCTL("b-4", _IOWR('b', 4, uint64_t)),
    IOCTL("b-255", _IOWR('b', 255, uint64_t)),
    WITH_NULL("b-4.null", _IOWR('b', 4, uint64_t)),
    IOCTL("DMA_HEAP_IOCTL_ALLOC", DMA_HEAP_IOCTL_ALLOC),
    IOCTL("UDMABUF_CREATE", 0x40187542),
    IOCTL("ION-modern-ALLOC", 0xC0184900),
    IOCTL("TCGETS", TCGETS),
    WITH_NULL("TCGETS.null", TCGETS),
    IOCTL("TIOCGWINSZ", TIOCGWINSZ),
    NUMBER("FIONREAD", FIONREAD),
    NUMBER("FIGETBSZ", FIGETBSZ),
    IOCTL("FIBMAP", FIBMAP),
    IOCTL("FS_IOC_GETFLAGS", FS_IOC_GETFLAGS),
    IOCTL("BLKGETSIZE64", BLKGETSIZE64),
    OF_VFS("FIOCLEX", FIOCLEX),
    OF_VFS("FIONBIO", FIONBIO),
    OF_VFS("FIOASYNC", FIOASYNC),
};

const struct chapter buffer_ioctl_chapter = CHAPTER(rows);
