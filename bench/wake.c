/*
 * Wake-up latency for C. `wake receive BUSES COUNT [NAME]` prints, as lines of JSON, the time from the kernel's
 * timestamp of a frame to its reception in a program that was asleep in epoll_wait, over COUNT frames. `wake send BUSES
 * COUNT [NAME]` sends the frames, for all peers. On vcan0 each bus has a filter for its own identifier; with NAME, the
 * buses are AF_UNIX datagram sockets with names derived from NAME.
 */

#define _GNU_SOURCE
#include <err.h>
#include <linux/can.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CHANNEL "vcan0"
/* Frames at the start that are not counted. */
#define WARM_UP 100

static int buses, count;
static const char *name;

static socklen_t address_of(int bus, struct sockaddr_un *address)
{
	memset(address, 0, sizeof *address);
	address->sun_family = AF_UNIX;
	/* An abstract name starts with a zero byte. */
	return offsetof(struct sockaddr_un, sun_path) + 1 +
	       snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "%s-%d", name, bus);
}

static void bind_to_can(int fd)
{
	struct sockaddr_can address = { .can_family = AF_CAN, .can_ifindex = if_nametoindex(CHANNEL) };

	if (!address.can_ifindex || bind(fd, (struct sockaddr *)&address, sizeof address))
		err(1, CHANNEL);
}

static int open_bus(int bus)
{
	struct can_filter filter = { CAN_EFF_FLAG | bus, CAN_EFF_FLAG | CAN_RTR_FLAG | CAN_EFF_MASK };
	int on = 1, fd = name ? socket(AF_UNIX, SOCK_DGRAM, 0) : socket(AF_CAN, SOCK_RAW, CAN_RAW);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on))
		err(1, "socket");
	if (name) {
		struct sockaddr_un address;
		socklen_t length = address_of(bus, &address);

		if (bind(fd, (struct sockaddr *)&address, length))
			err(1, "bind");
	} else {
		if (setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FILTER, &filter, sizeof filter))
			err(1, "setsockopt");
		bind_to_can(fd);
	}
	return fd;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Receives a frame; returns the microseconds since the kernel's timestamp. */
static double receive(int fd)
{
	struct can_frame frame;
	struct sockaddr_can from;
	struct iovec iov = { &frame, sizeof frame };
	char control[CMSG_SPACE(sizeof(struct timespec))];
	struct msghdr header = { &from, sizeof from, &iov, 1, control, sizeof control, 0 };
	struct timespec then, now;
	struct cmsghdr *c;

	if (recvmsg(fd, &header, MSG_DONTWAIT) != sizeof frame)
		err(1, "recvmsg");
	clock_gettime(CLOCK_REALTIME, &now);
	c = CMSG_FIRSTHDR(&header);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS)
		errx(1, "no timestamp");
	memcpy(&then, CMSG_DATA(c), sizeof then);
	return (now.tv_sec - then.tv_sec) * 1e6 + (now.tv_nsec - then.tv_nsec) / 1e3;
}

static void receive_all(void)
{
	double *late = calloc(count, sizeof *late);
	int epoll = epoll_create1(0), measured = count - WARM_UP;

	for (int i = 0; i < buses; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.fd = open_bus(i) };

		if (epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event))
			err(1, "epoll_ctl");
	}
	puts("ready");
	fflush(stdout);
	for (int received = 0; received < count;) {
		struct epoll_event events[64];
		int n = epoll_wait(epoll, events, 64, 10000);

		if (n <= 0)
			errx(1, "%d frames arrived of %d", received, count);
		for (int i = 0; i < n; i++)
			late[received++] = receive(events[i].data.fd);
	}
	qsort(late + WARM_UP, measured, sizeof *late, compare);
	for (int percent = 50; percent <= 99; percent += 49)
		printf("{\"workload\":\"wake-up, %d bus%s, p%d\",\"value\":%f}\n", buses, buses > 1 ? "es" : "", percent,
		       late[WARM_UP + measured * percent / 100]);
}

static void send_all(void)
{
	int fd = name ? socket(AF_UNIX, SOCK_DGRAM, 0) : socket(AF_CAN, SOCK_RAW, CAN_RAW);

	if (fd < 0)
		err(1, "socket");
	if (!name) {
		/* This socket receives nothing, so that nothing wakes it. */
		if (setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FILTER, NULL, 0))
			err(1, "setsockopt");
		bind_to_can(fd);
	}
	srand(1);
	for (int i = 0; i < count; i++) {
		/* 2 to 6 ms: long enough for the receiver to sleep, and irregular, so that nothing synchronises with it. */
		struct timespec gap = { .tv_nsec = 2000000 + rand() % 4000000 };
		int bus = rand() % buses;
		struct can_frame frame = { .can_id = CAN_EFF_FLAG | bus, .len = 8 };
		struct sockaddr_un address;
		ssize_t sent;

		nanosleep(&gap, NULL);
		if (name) {
			socklen_t length = address_of(bus, &address);

			sent = sendto(fd, &frame, sizeof frame, 0, (struct sockaddr *)&address, length);
		} else {
			sent = send(fd, &frame, sizeof frame, 0);
		}
		if (sent != sizeof frame)
			err(1, "send");
	}
}

int main(int argc, char **argv)
{
	if (argc < 4)
		errx(2, "usage: wake receive|send BUSES COUNT [NAME]");
	buses = atoi(argv[2]);
	count = atoi(argv[3]);
	name = argc > 4 ? argv[4] : NULL;
	if (buses < 1 || count <= WARM_UP)
		errx(2, "1 bus or more, more than %d frames", WARM_UP);
	if (!strcmp(argv[1], "send"))
		send_all();
	else
		receive_all();
	return 0;
}
