#!/bin/bash
# links.sh LINK SEED MILLISECONDS
#
# Takes a vcan down and up, or deletes it and creates it again, at random moments until standard input ends. It stays up
# for at most MILLISECONDS. Prints a line for each event: "down" with the number of frames that the interface has dropped
# so far, "deleted", and at the end "ended" with that number.
set -eu
link=$1
RANDOM=$2
most=$3

make() {
	ip link add "$link" type vcan
	ip link set "$link" mtu 72 up
}

# Prints the number of frames that the interface counts as dropped.
dropped() {
	local name bytes packets errors drops rest
	while read -r name bytes packets errors drops rest; do
		[[ $name != "$link:" ]] || echo "$drops"
	done </proc/net/dev
}

# Sleeps for a random time of up to that many milliseconds; false once standard input has ended.
pause() {
	local ms=$((1 + RANDOM * $1 / 32768)) status=0
	read -r -t "$((ms / 1000)).$(printf %03d $((ms % 1000)))" || status=$?
	((status > 128))
}

while pause "$most"; do
	if ((RANDOM % 5 == 0)); then
		ip link del "$link"
		echo deleted
		pause 200 || true
		make
	else
		ip link set "$link" down
		echo "down $(dropped)"
		((RANDOM % 3 == 0)) || pause 200 || true
		ip link set "$link" up
	fi
done
echo "ended $(dropped)"
