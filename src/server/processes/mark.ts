/** Begins the argument by which a process says whose it is. It stands in its command line, which every tool shows. */
const word = 'portreeve-of=';

/** What stands before the mark: one of the entries of this program, of whichever version. */
const entry = /-main\.[jt]s$/;

/**
 * The mark of processes of one run of a server, by the name of the lock that it holds (`lockName`) and by a word of its
 * own.
 */
export function markOf(lock: string, run: string): string {
  return `${word}${lock}/${run}`;
}

/** The mark at the end of a command line (its arguments one by one); undefined where it is none of this program. */
export function markIn(args: readonly string[]): string | undefined {
  const [before = '', last = ''] = args.slice(-2);
  return last.startsWith(word) && entry.test(before) ? last : undefined;
}

/** Whether a mark is that of some run of a server that held this lock. */
export function isOfLock(mark: string, lock: string): boolean {
  return mark.startsWith(markOf(lock, ''));
}
