// SPDX-License-Identifier: MIT
// Commands other than ALLOC as it is declared.
#include <asm/ioctls.h>
#include <fcntl.h>
#include <string.h>

#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "attempt.h"
#include "client.h"
#include "report.h"

typedef struct dma_heap_allocation_data request;

enum { largest = 16384, unsent = 0xa5, usual_len = 5000 };

/// The command arg[0], on a usual request of which `size` bytes count; the rest is not zero.
static void observe(unsigned long command, size_t size, int node)
{
    static unsigned char space[largest];
    const request data = { .len = usual_len, .fd_flags = O_RDWR | O_CLOEXEC };

    memcpy(space, &data, sizeof(data));
    if (size < largest)
        memset(space + size, unsent, largest - size);
    observe_attempt((struct attempt){
        .node = node, .command = command, .argument = space, .readable = largest });
}

static void command_of_size(const struct row *row)
{
    size_t size = _IOC_SIZE((unsigned long)row->arg[0]);

    observe((unsigned long)row->arg[0], size < sizeof(request) ? size : sizeof(request),
            open_node(O_RDWR));
}

static void command(const struct row *row)
{
    observe((unsigned long)row->arg[0], sizeof(request), open_node(O_RDWR));
}

static void on_path(const struct row *row)
{
    observe((unsigned long)row->arg[0], sizeof(request), open_node(O_PATH));
}

/// Commands whose answer is a number.
static void number(const struct row *row)
{
    int answer = -1;

    say_result(ioctl(open_node(O_RDWR), (unsigned long)row->arg[0], &answer));
    say(", %d", answer);
}

/// Commands that the kernel answers for every file.
static void of_vfs(const struct row *row)
{
    int on = (int)row->arg[1], node = open_node(O_RDWR);

    say_result(ioctl(node, (unsigned long)row->arg[0], &on));
    say(", ");
    say_flags(fcntl(node, F_GETFL));
    say("%s", (fcntl(node, F_GETFD) & FD_CLOEXEC) != 0 ? " FD_CLOEXEC" : "");
}

enum { none = _IOC_NONE, in = _IOC_WRITE, out = _IOC_READ, both = _IOC_READ | _IOC_WRITE };

#define IOCTL(name, number) ROW("node.ioctl." name, command, .arg = { (number) })
#define SIZE(size) SIZED("size-" #size, both, size)
#define SIZED(name, direction, size)                                                               \
    ROW("node.ioctl." name, command_of_size, .arg = { _IOC((unsigned)(direction), 'H', 0, size) })
#define LETTER(name, letter) IOCTL("letter-" name, _IOC((unsigned)both, letter, 0, 24))
#define NUMBER(number) IOCTL("number-" #number, _IOC((unsigned)both, 'H', number, 24))
#define OF_VFS(name, code, on) ROW("node.ioctl." name, of_vfs, .arg = { (code), (on) })

static const struct row rows[] = {
    SIZED("_IO", none, 0),
    SIZED("_IO-24", none, 24),
    SIZED("_IOR", out, 24),
    SIZED("_IOW", in, 24),
    SIZED("_IOWR", both, 24),
    SIZED("_IOW-8", in, 8),
    SIZED("_IOW-48", in, 48),
    SIZED("_IOR-48", out, 48),
    SIZE(0),
    SIZE(4),
    SIZE(8),
    SIZE(12),
    SIZE(16),
    SIZE(20),
    SIZE(23),
    SIZE(24),
    SIZE(25),
    SIZE(48),
    SIZE(127),
    SIZE(128),
    SIZE(129),
    SIZE(200),
    SIZE(3000),
    SIZE(16383),
    LETTER("0", 0),
    LETTER("I", 'I'),
    LETTER("b", 'b'),
    LETTER("255", 255),
    NUMBER(1),
    NUMBER(2),
    NUMBER(8),
    NUMBER(255),
    IOCTL("DMA_BUF_IOCTL_SYNC", DMA_BUF_IOCTL_SYNC),
    IOCTL("DMA_BUF_SET_NAME_A", DMA_BUF_SET_NAME_A),
    IOCTL("ION-modern-ALLOC", 0xC0184900),
    IOCTL("ION-modern-HEAP_QUERY", 0xC0184908),
    IOCTL("ION-legacy-ALLOC", 0xC0204900),
    IOCTL("ION-legacy-ALLOC-32", 0xC0144900),
    IOCTL("ION-legacy-FREE", 0xC0044901),
    IOCTL("UDMABUF_CREATE", 0x40187542),
    IOCTL("TCGETS", TCGETS),
    IOCTL("TIOCGWINSZ", TIOCGWINSZ),
    ROW("node.ioctl.FIONREAD", number, .arg = { FIONREAD }),
    ROW("node.ioctl.FIGETBSZ", number, .arg = { FIGETBSZ }),
    IOCTL("FS_IOC_GETFLAGS", FS_IOC_GETFLAGS),
    IOCTL("BLKGETSIZE64", BLKGETSIZE64),
    OF_VFS("FIOCLEX", FIOCLEX, 1),
    OF_VFS("FIONBIO", FIONBIO, 1),
    OF_VFS("FIOASYNC", FIOASYNC, 1),
    ROW("node.ioctl.on-O_PATH", on_path, .arg = { DMA_HEAP_IOCTL_ALLOC }),
};

const struct chapter node_ioctl_chapter = CHAPTER(rows);
