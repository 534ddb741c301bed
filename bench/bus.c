/*
 * The rate workloads for C. `bus SECONDS [native]` prints one line of JSON for each workload; with `native`, it uses
 * pairs of AF_UNIX datagram sockets instead of vcan0.
 */

#define _GNU_SOURCE
#include <err.h>
#include <linux/can.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define CHANNEL "vcan0"
#define BATCH 64
/* Messages between two readings of the clock. The default receive buffer holds this many on every kernel. */
#define PORTION (3 * BATCH)
/* Length of the warm-up in seconds; short, because nothing is compiled here. */
#define WARM_UP 0.05

static double seconds;
static int native;
static int a, b, epoll;
static struct can_frame batch[BATCH];
static double sum;

/* Buffers for received frames and their timestamps. */
static struct slot {
	struct can_frame frame;
	struct sockaddr_can from;
	struct iovec iov;
	char control[CMSG_SPACE(sizeof(struct timespec))];
} slots[BATCH];
static struct mmsghdr in[BATCH], out[BATCH];
static struct iovec out_iov[BATCH];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Connects the first socket to the second, the third to the fourth, and so on. */
static int end_of_pair(void)
{
	static int ends[2], left;

	if (!left) {
		if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends))
			err(1, "socketpair");
		left = 2;
	}
	return ends[--left];
}

static int open_bus(void)
{
	struct sockaddr_can address = { .can_family = AF_CAN };
	struct timeval timeout = { .tv_sec = 1 };
	can_err_mask_t errors = CAN_ERR_MASK;
	int on = 1, fd = native ? end_of_pair() : socket(AF_CAN, SOCK_RAW, CAN_RAW);

	if (fd < 0)
		err(1, "socket");
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout))
		err(1, "setsockopt");
	if (native)
		return fd;
	if (setsockopt(fd, SOL_CAN_RAW, CAN_RAW_ERR_FILTER, &errors, sizeof errors))
		err(1, "setsockopt");
	address.can_ifindex = if_nametoindex(CHANNEL);
	if (!address.can_ifindex)
		err(1, CHANNEL);
	if (bind(fd, (struct sockaddr *)&address, sizeof address))
		err(1, "bind");
	return fd;
}

static void prepare(void)
{
	for (int i = 0; i < BATCH; i++) {
		batch[i].can_id = CAN_EFF_FLAG | (0x18ff0000 + i);
		batch[i].len = 8;
		memcpy(batch[i].data, (__u8[]){ i, 1, 2, 3, 4, 5, 6, 7 }, 8);
		out_iov[i] = (struct iovec){ &batch[i], sizeof batch[i] };
		out[i].msg_hdr = (struct msghdr){ .msg_iov = &out_iov[i], .msg_iovlen = 1 };
		slots[i].iov = (struct iovec){ &slots[i].frame, sizeof slots[i].frame };
		in[i].msg_hdr = (struct msghdr){ .msg_name = &slots[i].from, .msg_iov = &slots[i].iov, .msg_iovlen = 1,
						 .msg_control = slots[i].control };
	}
}

/* Reads a message as a user would. */
static void use(int i)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(&in[i].msg_hdr);
	struct timespec t;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS)
		errx(1, "no timestamp");
	memcpy(&t, CMSG_DATA(c), sizeof t);
	sum += (slots[i].frame.can_id & CAN_EFF_MASK) + slots[i].frame.data[0] + (t.tv_sec + t.tv_nsec / 1e9);
}

static void send_one(int fd, const struct can_frame *frame)
{
	if (send(fd, frame, sizeof *frame, 0) != sizeof *frame)
		err(1, "send");
}

/* Restores the sizes of the buffers, which the kernel overwrote with the lengths used. */
static void reset(int i)
{
	in[i].msg_hdr.msg_namelen = sizeof slots[i].from;
	in[i].msg_hdr.msg_controllen = sizeof slots[i].control;
}

static int receive_one(int fd, int flags)
{
	reset(0);
	return recvmsg(fd, &in[0].msg_hdr, flags) == sizeof slots[0].frame;
}

static void expect(int count)
{
	if (count != PORTION)
		errx(1, "%d frames arrived of %d: is something else on " CHANNEL "?", count, PORTION);
}

static void send_each(void)
{
	for (int i = 0; i < PORTION; i++)
		send_one(a, &batch[i % BATCH]);
}

static void send_many(void)
{
	for (int sent = 0, n; sent < PORTION; sent += n)
		if ((n = sendmmsg(a, out, BATCH, 0)) <= 0)
			err(1, "sendmmsg");
}

static void receive_each(void)
{
	int count = 0;

	for (; receive_one(b, MSG_DONTWAIT); count++)
		use(0);
	expect(count);
}

/* Receives all queued frames; returns their number. */
static int receive_all(void)
{
	int count = 0;

	for (int n;; count += n) {
		for (int i = 0; i < BATCH; i++)
			reset(i);
		if ((n = recvmmsg(b, in, BATCH, MSG_DONTWAIT, NULL)) <= 0)
			return count;
		for (int i = 0; i < n; i++)
			use(i);
	}
}

static void drain(void)
{
	expect(receive_all());
}

static void wait_for_b(void)
{
	struct epoll_event event;

	if (epoll_wait(epoll, &event, 1, 1000) != 1)
		errx(1, "no frame arrived");
}

static void loop_drain(void)
{
	for (int count = 0; count < PORTION; count += receive_all())
		wait_for_b();
}

static void loop_receive_each(void)
{
	for (int count = 0; count < PORTION; count++) {
		wait_for_b();
		if (!receive_one(b, MSG_DONTWAIT))
			err(1, "recvmsg");
		use(0);
	}
}

/* Frames sent over a pair stay queued until they are received; on vcan0 they do not. */
static void empty(void)
{
	int count = 0;

	while (native && receive_one(b, MSG_DONTWAIT))
		count++;
	if (native)
		expect(count);
}

static void round_trip(void)
{
	for (int i = 0; i < PORTION; i++) {
		send_one(a, &batch[i % BATCH]);
		if (!receive_one(b, 0))
			err(1, "recvmsg");
		send_one(b, &slots[0].frame);
		if (!receive_one(a, 0))
			err(1, "recvmsg");
		use(0);
	}
}

static void watch(int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		err(1, "epoll_ctl");
}

/* One event loop for both sockets: b answers every frame, a sends the next frame when it has received the answer. */
static void asynchronous_round_trip(void)
{
	struct epoll_event events[2];
	int answers = 0;

	send_one(a, &batch[0]);
	while (answers < PORTION) {
		int n = epoll_wait(epoll, events, 2, -1);

		if (n < 0)
			err(1, "epoll_wait");
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (!receive_one(fd, MSG_DONTWAIT))
				err(1, "recvmsg");
			if (fd == b) {
				send_one(b, &slots[0].frame);
			} else {
				use(0);
				if (++answers < PORTION)
					send_one(a, &batch[answers % BATCH]);
			}
		}
	}
}

/* One portion of a workload, with untimed preparation and cleanup. */
struct part {
	const char *workload;
	void (*fill)(void), (*run)(void), (*empty)(void);
};

/* Returns portions per second, counting only the time spent in `run`. */
static double rate(const struct part *part, double duration)
{
	double spent = 0, end = now() + duration;
	long portions = 0;

	for (; now() < end; portions++) {
		double start;

		if (part->fill)
			part->fill();
		start = now();
		part->run();
		spent += now() - start;
		if (part->empty)
			part->empty();
	}
	return portions / spent;
}

static void measure(struct part part)
{
	rate(&part, WARM_UP);
	printf("{\"workload\":\"%s\",\"value\":%f}\n", part.workload, PORTION * rate(&part, seconds));
}

int main(int argc, char **argv)
{
	seconds = argc > 1 ? atof(argv[1]) : 1;
	native = argc > 2 && !strcmp(argv[2], "native");
	prepare();

	a = open_bus();
	if (native)
		b = open_bus();
	measure((struct part){ "send", NULL, send_each, empty });
	measure((struct part){ "sendMany", NULL, send_many, empty });

	if (!native)
		b = open_bus();
	measure((struct part){ "receive one", send_many, receive_each, NULL });
	measure((struct part){ "drain", send_many, drain, NULL });

	epoll = epoll_create1(0);
	watch(b);
	measure((struct part){ "for await", send_many, loop_drain, NULL });
	measure((struct part){ "recvAsync", send_many, loop_receive_each, NULL });

	measure((struct part){ "round trip", NULL, round_trip, NULL });
	watch(a);
	measure((struct part){ "asynchronous round trip", NULL, asynchronous_round_trip, NULL });
	return sum > 0 ? 0 : 1;
}
