// <signal.h>

export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGQUIT = 3;
export const SIGTERM = 15;

export const SIG_DFL = 0n;
export const SIG_IGN = 1n;

/** The handler is called once: on delivery the kernel sets the disposition to SIG_DFL, and leaves the flags. */
export const SA_RESETHAND = 0x80000000;

/*
 * struct sigaction (152 bytes, as libc has it)
 *   0    pointer   sa_handler
 *   8    sigset_t  sa_mask
 *   136  int       sa_flags
 *   144  pointer   sa_restorer
 */
export const SIGACTION_SIZE = 152;
export const SIGACTION_HANDLER = 0;
export const SIGACTION_FLAGS = 136;
