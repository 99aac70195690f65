/*
 * delaypath [-b LARGEST_TCP_BUFFER] ONE_WAY_MICROSECONDS [BITS_PER_SECOND QUEUE_BYTES]
 *
 * Two network namespaces, near (10.99.0.1) and far (10.99.0.2), joined by a pair of TUN devices; this program carries
 * the packets from one to the other, each after the delay, and with a rate and a drop-tail queue when they are given.
 * The kernel's own TCP runs over it, handshakes, windows, congestion control and all. Large segments cross whole
 * (IFF_VNET_HDR), as with a network card that segments, so that the carrying costs little.
 *
 * Prints "ready NEAR_DESCRIPTOR FAR_DESCRIPTOR" for /proc/PID/fd. The namespaces have no name: they are gone when this
 * program and everything in them has ended. Needs CAP_SYS_ADMIN and CAP_NET_ADMIN.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LARGEST = 65536 + sizeof(struct virtio_net_hdr), FRAMING = 38, HEADERS = 52, BATCH = 64 };

struct packet {
    struct packet *next;
    uint64_t due;
    size_t length;
    char bytes[];
};

struct direction {
    int from, to;
    struct packet *first, *last;
    uint64_t idle; /* when the link has sent what it has */
};

static uint64_t delay, rate, limit, dropped;

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* Linux's built-in limits, whatever this machine's administrator has set, or those of an administrator who has many long
 * ways (-b). Congestion control stays the machine's. */
static void limit_buffers(const char *path, const char *default_, const char *largest)
{
    char value[64];
    snprintf(value, sizeof value, "4096 %s", default_);
    if (largest)
        snprintf(strrchr(value, ' '), 32, " %s", largest);
    int file = open(path, O_WRONLY);
    if (file < 0 || write(file, value, strlen(value)) < 0)
        fail(path);
    close(file);
}

static void bring_up(const char *name, const char *address)
{
    int socket_ = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq request = {0};
    struct sockaddr_in *value = (struct sockaddr_in *)&request.ifr_addr;
    strcpy(request.ifr_name, name);
    if (address) {
        value->sin_family = AF_INET;
        inet_pton(AF_INET, address, &value->sin_addr);
        if (ioctl(socket_, SIOCSIFADDR, &request))
            fail("address");
        inet_pton(AF_INET, "255.255.255.0", &value->sin_addr);
        if (ioctl(socket_, SIOCSIFNETMASK, &request))
            fail("netmask");
        request.ifr_qlen = 10000; /* this program's turn may come late: that is no loss of the path's */
        if (ioctl(socket_, SIOCSIFTXQLEN, &request))
            fail("queue length");
    }
    if (ioctl(socket_, SIOCGIFFLAGS, &request))
        fail("flags");
    request.ifr_flags |= IFF_UP | IFF_RUNNING;
    if (ioctl(socket_, SIOCSIFFLAGS, &request))
        fail("up");
    close(socket_);
}

/* Makes a namespace with a TUN device in it; returns the device's descriptor. */
static int make_end(const char *address, const char *largest, int *namespace_)
{
    if (unshare(CLONE_NEWNET))
        fail("unshare");
    *namespace_ = open("/proc/self/ns/net", O_RDONLY);
    limit_buffers("/proc/sys/net/ipv4/tcp_rmem", "131072 6291456", largest);
    limit_buffers("/proc/sys/net/ipv4/tcp_wmem", "16384 4194304", largest);
    int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
    strcpy(request.ifr_name, "path");
    if (device < 0 || ioctl(device, TUNSETIFF, &request) || ioctl(device, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4))
        fail("/dev/net/tun");
    bring_up("lo", NULL);
    bring_up("path", address);
    return device;
}

static void receive(struct direction *way)
{
    static char buffer[LARGEST];
    for (int turn = 0; turn < BATCH; turn++) {
        ssize_t count = read(way->from, buffer, sizeof buffer);
        if (count < 0 && errno == EAGAIN)
            return;
        if (count < (ssize_t)sizeof(struct virtio_net_hdr))
            fail("read");
        uint64_t time = now();
        if (rate) {
            struct virtio_net_hdr header;
            memcpy(&header, buffer, sizeof header);
            uint64_t length = (uint64_t)count - sizeof header, segments = header.gso_size ? (length + header.gso_size - 1) / header.gso_size : 1;
            uint64_t wire = length + (segments - 1) * HEADERS + segments * FRAMING;
            if (way->idle < time)
                way->idle = time;
            if ((way->idle - time) * (rate / 8) / 1000000000u > limit) {
                dropped++;
                continue;
            }
            way->idle += wire * 8000000000u / rate;
            time = way->idle;
        }
        struct packet *packet = malloc(sizeof *packet + (size_t)count);
        if (!packet)
            fail("malloc");
        *packet = (struct packet){.due = time + delay, .length = (size_t)count};
        memcpy(packet->bytes, buffer, (size_t)count);
        if (way->last)
            way->last->next = packet;
        else
            way->first = packet;
        way->last = packet;
    }
}

static void deliver(struct direction *way)
{
    for (uint64_t time = now(); way->first && way->first->due <= time;) {
        struct packet *packet = way->first;
        if (write(way->to, packet->bytes, packet->length) < 0)
            dropped++;
        if (!(way->first = packet->next))
            way->last = NULL;
        free(packet);
    }
}

int main(int count, char **words)
{
    const char *largest = NULL;
    if (count > 3 && !strcmp(words[1], "-b")) {
        largest = words[2];
        count -= 2;
        words += 2;
    }
    if (count != 2 && count != 4)
        return fprintf(stderr, "usage: delaypath [-b LARGEST_TCP_BUFFER] ONE_WAY_MICROSECONDS [BITS_PER_SECOND QUEUE_BYTES]\n"), 2;
    delay = strtoull(words[1], NULL, 10) * 1000;
    if (count == 4) {
        rate = strtoull(words[2], NULL, 10);
        limit = strtoull(words[3], NULL, 10);
    }
    int near_namespace, far_namespace;
    int near = make_end("10.99.0.1", largest, &near_namespace), far = make_end("10.99.0.2", largest, &far_namespace);
    struct direction ways[2] = {{.from = near, .to = far}, {.from = far, .to = near}};
    printf("ready %d %d\n", near_namespace, far_namespace);
    fflush(stdout);
    for (;;) {
        uint64_t next = 0, time = now();
        for (int i = 0; i < 2; i++)
            if (ways[i].first && (!next || ways[i].first->due < next))
                next = ways[i].first->due;
        uint64_t wait = next > time ? next - time : 0;
        struct timespec until = {.tv_sec = (time_t)(wait / 1000000000u), .tv_nsec = (long)(wait % 1000000000u)};
        struct pollfd list[2] = {{.fd = near, .events = POLLIN}, {.fd = far, .events = POLLIN}};
        if (ppoll(list, 2, next ? &until : NULL, NULL) < 0)
            fail("poll");
        for (int i = 0; i < 2; i++) {
            if (list[i].revents & POLLIN)
                receive(&ways[i]);
            deliver(&ways[i]);
        }
    }
}
