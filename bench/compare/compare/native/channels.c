/*
 * channels answer ADDRESS PORT          answers every connection with a byte and closes it; prints "ready" when it listens
 * channels open PORT COUNT AT_ONCE      connects to 127.0.0.1:PORT this often, so many at a time, waits each time for the
 *                                       byte, closes; prints how many a second
 *
 * In C, so that what is measured is the tunnel and not these two.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 64, PATIENCE = 30000 };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static struct sockaddr_in address(const char *text, const char *port)
{
    struct sockaddr_in result = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
    inet_pton(AF_INET, text, &result.sin_addr);
    return result;
}

static void answer(struct sockaddr_in own)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&own, sizeof own) || listen(listener, 1024))
        fail("listen");
    puts("ready");
    fflush(stdout);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection < 0 || send(connection, "!", 1, MSG_NOSIGNAL) < 0)
            fail("answer");
        close(connection);
    }
}

static int begin(struct sockaddr_in to)
{
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(connection, (struct sockaddr *)&to, sizeof to))
        fail("connect");
    return connection;
}

static void open_all(struct sockaddr_in to, int count, int at_once)
{
    struct pollfd list[MOST];
    struct timespec first, last;
    int begun = 0, done = 0;
    if (at_once > MOST)
        at_once = MOST;
    clock_gettime(CLOCK_MONOTONIC, &first);
    for (; begun < at_once && begun < count; begun++)
        list[begun] = (struct pollfd){.fd = begin(to), .events = POLLIN};
    int places = begun;
    while (done < count) {
        if (poll(list, (nfds_t)places, PATIENCE) <= 0)
            fail("no answer came through the tunnel");
        for (int i = 0; i < places; i++) {
            char byte;
            if (!list[i].revents)
                continue;
            if (recv(list[i].fd, &byte, 1, 0) != 1 || byte != '!')
                fail("another answer came through the tunnel");
            close(list[i].fd);
            list[i] = (struct pollfd){.fd = -1};
            done++;
            if (begun < count) {
                list[i] = (struct pollfd){.fd = begin(to), .events = POLLIN};
                begun++;
            }
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &last);
    printf("%.3f\n", count / ((double)(last.tv_sec - first.tv_sec) + (double)(last.tv_nsec - first.tv_nsec) / 1e9));
}

int main(int count, char **words)
{
    if (count == 4 && !strcmp(words[1], "answer"))
        answer(address(words[2], words[3]));
    else if (count == 5 && !strcmp(words[1], "open"))
        open_all(address("127.0.0.1", words[2]), atoi(words[3]), atoi(words[4]));
    else
        return fprintf(stderr, "usage: channels answer ADDRESS PORT | channels open PORT COUNT AT_ONCE\n"), 2;
}
