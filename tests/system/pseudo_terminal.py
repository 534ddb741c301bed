"""pseudo_terminal.py COLUMNS ROWS COMMAND...: runs a command on a pseudo-terminal of its own.

Reads lines of JSON: {"keys": TEXT}, {"size": [COLUMNS, ROWS]}, {"signal": NAME}, {"hangup": true}.
Writes lines of JSON: {"output": BASE64}, and at the end {"end": STATUS, "before": STTY, "after": STTY}, the settings of the
terminal as `stty -a` shows them; STATUS is negative for a signal.
"""

import base64, fcntl, json, os, pty, select, signal, struct, subprocess, sys, termios

columns, rows, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]


def say(**fields):
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def resize(columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def settings():
    return subprocess.run(["stty", "-a"], stdin=terminal, capture_output=True, text=True, check=True).stdout


controller, terminal = pty.openpty()
resize(columns, rows)
before = settings()
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(terminal, fd)
    os.closerange(3, 100)
    os.execvp(command[0], command)

pending = b""
status = None
hung_up = False
commands = True
while status is None:
    fds = ([sys.stdin.fileno()] if commands else []) + ([] if hung_up else [controller])
    ready = select.select(fds, [], [], 0.02)[0]
    if not hung_up and controller in ready:
        say(output=base64.b64encode(os.read(controller, 1 << 16)).decode())
    if sys.stdin.fileno() in ready:
        data = os.read(sys.stdin.fileno(), 1 << 16)
        commands = data != b""
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            order = json.loads(line)
            if "keys" in order:
                os.write(controller, order["keys"].encode())
            elif "size" in order:
                resize(*order["size"])
            elif "signal" in order:
                os.kill(child, getattr(signal, order["signal"]))
            else:  # The settings go with the terminal.
                before = ""
                hung_up = True
                os.close(terminal)
                os.close(controller)
    pid, code = os.waitpid(child, os.WNOHANG)
    if pid:
        status = os.waitstatus_to_exitcode(code)
while not hung_up and select.select([controller], [], [], 0.1)[0]:
    say(output=base64.b64encode(os.read(controller, 1 << 16)).decode())
say(end=status, before=before, after="" if hung_up else settings())
