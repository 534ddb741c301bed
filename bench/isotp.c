/*
 * The ISO-TP workloads for C. `isotp SECONDS` prints one line of JSON for each workload: bytes per second, in PDUs of
 * 4095 bytes.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/can.h>
#include <linux/can/isotp.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHANNEL "vcan0"
#define LENGTH 4095
/* PDUs that are sent before they are received. The default receive buffer holds this many. */
#define WINDOW 8
/* Length of the warm-up in seconds; short, because nothing is compiled here. */
#define WARM_UP 0.05

static double seconds;
static int a, b, epoll;
static unsigned char pdu[LENGTH];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int end(canid_t tx, canid_t rx, int fd, int flags)
{
	struct can_isotp_options options = { .frame_txtime = CAN_ISOTP_FRAME_TXTIME_ZERO };
	struct can_isotp_ll_options ll = { .mtu = CANFD_MTU, .tx_dl = CANFD_MAX_DLEN };
	struct sockaddr_can address = {
		.can_family = AF_CAN,
		.can_ifindex = if_nametoindex(CHANNEL),
		.can_addr.tp = { .rx_id = rx, .tx_id = tx },
	};
	int s = socket(AF_CAN, SOCK_DGRAM | flags, CAN_ISOTP);

	if (s < 0)
		err(1, "socket");
	if (setsockopt(s, SOL_CAN_ISOTP, CAN_ISOTP_OPTS, &options, sizeof(options)))
		err(1, "CAN_ISOTP_OPTS");
	if (fd && setsockopt(s, SOL_CAN_ISOTP, CAN_ISOTP_LL_OPTS, &ll, sizeof(ll)))
		err(1, "CAN_ISOTP_LL_OPTS");
	if (bind(s, (struct sockaddr *)&address, sizeof(address)))
		err(1, "bind");
	return s;
}

static void open_ends(int fd, int flags)
{
	a = end(0x7e0, 0x7e8, fd, flags);
	b = end(0x7e8, 0x7e0, fd, flags);
}

static void take(void)
{
	if (recv(b, pdu, sizeof(pdu), 0) != LENGTH)
		err(1, "recv");
}

static void blocking(void)
{
	for (int i = 0; i < WINDOW; i++) {
		if (send(a, pdu, sizeof(pdu), 0) != LENGTH)
			err(1, "send");
		take();
	}
}

/* Waits with epoll until a can send or b can receive. */
static void evented(void)
{
	struct epoll_event event;
	int sent = 0, received = 0;

	while (received < WINDOW) {
		if (sent < WINDOW && send(a, pdu, sizeof(pdu), 0) == LENGTH) {
			sent++;
			continue;
		}
		if (sent < WINDOW && errno != EAGAIN)
			err(1, "send");
		event.events = sent < WINDOW ? EPOLLOUT : 0;
		event.data.fd = a;
		epoll_ctl(epoll, EPOLL_CTL_MOD, a, &event);
		if (epoll_wait(epoll, &event, 1, -1) == 1 && event.data.fd == b) {
			take();
			received++;
		}
	}
}

static double rate(void (*run)(void), double time)
{
	double start = now(), end;
	long windows = 0;

	do {
		run();
		windows++;
		end = now();
	} while (end - start < time);
	return windows * WINDOW * LENGTH / (end - start);
}

static void measure(const char *workload, void (*run)(void))
{
	rate(run, WARM_UP);
	printf("{\"workload\":\"%s\",\"value\":%f}\n", workload, rate(run, seconds));
	close(a);
	close(b);
}

int main(int argc, char **argv)
{
	struct epoll_event event = { .events = 0 };

	seconds = argc > 1 ? atof(argv[1]) : 1;
	open_ends(0, 0);
	measure("ISO-TP", blocking);
	open_ends(1, 0);
	measure("ISO-TP, FD", blocking);
	open_ends(0, SOCK_NONBLOCK);
	epoll = epoll_create1(0);
	event.data.fd = a;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, a, &event))
		err(1, "epoll_ctl");
	event.events = EPOLLIN;
	event.data.fd = b;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, b, &event))
		err(1, "epoll_ctl");
	measure("ISO-TP, asynchronous", evented);
	return 0;
}
