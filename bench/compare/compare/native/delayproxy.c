/*
 * delayproxy ONE_WAY_MICROSECONDS LISTEN_ADDRESS TARGET_ADDRESS PORT
 *
 * Accepts TCP connections on LISTEN_ADDRESS:PORT, connects each to TARGET_ADDRESS:PORT, and hands on what it reads in either
 * direction after the delay. Both TCP connections are local, so TCP's own bandwidth-delay limit is absent: what
 * limits a transfer here is the window of the protocol above. The TCP handshake is answered at once.
 * One thread; prints "ready" when it listens; ends on SIGTERM.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 128 * 1024, CONNECTIONS = 64, QUEUE = 512 * 1024 * 1024 };

struct chunk {
    struct chunk *next;
    uint64_t due;
    size_t begin, end;
    char bytes[CHUNK];
};

/* One direction of a connection. */
struct flow {
    int from, to;
    struct chunk *first, *last;
    size_t queued;
    int ended;    /* the source said that nothing more comes */
    uint64_t end; /* when the destination learns that */
    int closed;   /* it has learnt it, or is gone */
    int full;     /* the destination takes nothing now */
};

struct connection {
    int open;
    struct flow flows[2];
};

static struct connection connections[CONNECTIONS];
static struct chunk *spare;
static uint64_t delay;

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

static struct sockaddr_in address(const char *text, const char *port)
{
    struct sockaddr_in result = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    if (inet_pton(AF_INET, text, &result.sin_addr) != 1)
        fail(text);
    return result;
}

static struct chunk *take_chunk(void)
{
    struct chunk *chunk = spare;
    if (chunk)
        spare = chunk->next;
    else if (!(chunk = malloc(sizeof *chunk)))
        fail("malloc");
    return chunk;
}

static void give_chunk(struct chunk *chunk)
{
    chunk->next = spare;
    spare = chunk;
}

static void receive(struct flow *flow)
{
    for (int turn = 0; turn < 8 && flow->queued < QUEUE; turn++) {
        struct chunk *chunk = take_chunk();
        ssize_t count = recv(flow->from, chunk->bytes, CHUNK, MSG_DONTWAIT);
        if (count <= 0) {
            give_chunk(chunk);
            if (count == 0 || errno != EAGAIN) {
                flow->ended = 1;
                flow->end = now() + delay;
            }
            return;
        }
        chunk->next = NULL;
        chunk->due = now() + delay;
        chunk->begin = 0;
        chunk->end = (size_t)count;
        if (flow->last)
            flow->last->next = chunk;
        else
            flow->first = chunk;
        flow->last = chunk;
        flow->queued += (size_t)count;
        if (count < CHUNK / 4)
            return;
    }
}

static void drop(struct flow *flow)
{
    while (flow->first) {
        struct chunk *chunk = flow->first;
        flow->first = chunk->next;
        give_chunk(chunk);
    }
    flow->last = NULL;
    flow->queued = 0;
}

static void deliver(struct flow *flow, uint64_t time)
{
    while (flow->first && flow->first->due <= time) {
        struct chunk *chunk = flow->first;
        ssize_t count = send(flow->to, chunk->bytes + chunk->begin, chunk->end - chunk->begin, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN) {
            flow->full = 1;
            return;
        }
        if (count < 0) {
            drop(flow);
            flow->ended = flow->closed = 1;
            return;
        }
        chunk->begin += (size_t)count;
        flow->queued -= (size_t)count;
        if (chunk->begin < chunk->end)
            continue;
        if (!(flow->first = chunk->next))
            flow->last = NULL;
        give_chunk(chunk);
    }
    if (flow->ended && !flow->first && !flow->closed && flow->end <= time) {
        shutdown(flow->to, SHUT_WR);
        flow->closed = 1;
    }
}

static void accept_one(int listener, const struct sockaddr_in *target)
{
    int near = accept(listener, NULL, NULL), far = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (near < 0 || far < 0 || connect(far, (const struct sockaddr *)target, sizeof *target))
        fail("connect");
    setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(far, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    for (int i = 0; i < CONNECTIONS; i++) {
        if (!connections[i].open) {
            connections[i] = (struct connection){.open = 1, .flows = {{.from = near, .to = far}, {.from = far, .to = near}}};
            return;
        }
    }
    close(near);
    close(far);
}

/* Fills the list for poll, two entries a connection; returns the time at which something is due, or 0. */
static uint64_t wishes(struct pollfd *list)
{
    uint64_t next = 0;
    for (int i = 0; i < 2 * CONNECTIONS; i++) {
        struct connection *connection = &connections[i / 2];
        struct flow *in = &connection->flows[i % 2], *out = &connection->flows[1 - i % 2];
        list[i] = (struct pollfd){.fd = -1};
        if (!connection->open)
            continue;
        if (!in->ended && in->queued < QUEUE)
            list[i].events |= POLLIN;
        if (out->full)
            list[i].events |= POLLOUT;
        if (list[i].events)
            list[i].fd = in->from;
        uint64_t due = in->full || in->closed ? 0 : in->first ? in->first->due : in->ended ? in->end : 0;
        if (due && (!next || due < next))
            next = due;
    }
    return next;
}

int main(int count, char **words)
{
    if (count != 5)
        return fprintf(stderr, "usage: delayproxy ONE_WAY_MICROSECONDS LISTEN_ADDRESS TARGET_ADDRESS PORT\n"), 2;
    delay = strtoull(words[1], NULL, 10) * 1000;
    struct sockaddr_in own = address(words[2], words[4]), target = address(words[3], words[4]);
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&own, sizeof own) || listen(listener, 64))
        fail("listen");
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct pollfd list[2 * CONNECTIONS + 1];
        uint64_t next = wishes(list), time = now();
        list[2 * CONNECTIONS] = (struct pollfd){.fd = listener, .events = POLLIN};
        uint64_t wait = next > time ? next - time : 0;
        struct timespec limit = {.tv_sec = (time_t)(wait / 1000000000u), .tv_nsec = (long)(wait % 1000000000u)};
        if (ppoll(list, 2 * CONNECTIONS + 1, next ? &limit : NULL, NULL) < 0)
            fail("poll");
        for (int i = 0; i < 2 * CONNECTIONS; i++) {
            struct connection *connection = &connections[i / 2];
            if (list[i].revents & (POLLIN | POLLHUP | POLLERR))
                receive(&connection->flows[i % 2]);
            if (list[i].revents & (POLLOUT | POLLERR))
                connection->flows[1 - i % 2].full = 0;
        }
        if (list[2 * CONNECTIONS].revents)
            accept_one(listener, &target);
        time = now();
        for (int i = 0; i < CONNECTIONS; i++) {
            struct connection *connection = &connections[i];
            if (!connection->open)
                continue;
            for (int way = 0; way < 2; way++)
                if (!connection->flows[way].full && !connection->flows[way].closed)
                    deliver(&connection->flows[way], time);
            if (connection->flows[0].closed && connection->flows[1].closed) {
                close(connection->flows[0].from);
                close(connection->flows[0].to);
                connection->open = 0;
            }
        }
    }
}
