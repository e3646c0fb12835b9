import { parseAddress, type Address } from './formats.ts';

/**
 * Where the workers listen: `host:port` (one TCP port that all of them share), `host:first-last` (a port each, worker 0
 * the first), `unix:/path` or `unix:/path-{worker}.sock` (a socket each).
 */
export interface WorkerAddresses {
  /** How many workers it has room for; Infinity for a shared port and for sockets. */
  readonly room: number;
  /** Whether all workers listen on the same TCP port. */
  readonly shared: boolean;
  /** The text of the address of a worker, as `parseAddress` reads it; undefined beyond the room. */
  of(worker: number): string | undefined;
}

const placeholder = '{worker}';

/** Reads the address of a listener; undefined for what is none. */
export function parseWorkerAddresses(text: string): WorkerAddresses | undefined {
  return text.startsWith('unix:') ? socketEach(text) : (portEach(text) ?? onePort(text));
}

/** The address of one worker, taken apart; undefined where the text has none for it. */
export function addressOfWorker(text: string, worker: number): Address | undefined {
  return parseAddress(parseWorkerAddresses(text)?.of(worker) ?? '');
}

function onePort(text: string): WorkerAddresses | undefined {
  if (parseAddress(text) === undefined) return undefined;
  return { room: Infinity, shared: true, of: () => text };
}

/** Port 0 cannot begin a range: nobody could tell a PEP where to ask. */
function portEach(text: string): WorkerAddresses | undefined {
  const match = /^(.+):(\d{1,5})-(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const [, host = '', from = '', to = ''] = match;
  const [first, last] = [Number(from), Number(to)];
  if (first < 1 || last <= first) return undefined;
  if (![first, last].every((port) => parseAddress(`${host}:${port}`) !== undefined)) return undefined;
  const room = last - first + 1;
  return {
    ...{ room, shared: false },
    of: (worker) => (worker < room ? `${host}:${first + worker}` : undefined),
  };
}

/** Without the placeholder worker 0 has the path itself, and worker N `path.N`. */
function socketEach(text: string): WorkerAddresses | undefined {
  const of = (worker: number): string =>
    text.includes(placeholder)
      ? text.replaceAll(placeholder, String(worker))
      : worker === 0
        ? text
        : `${text}.${worker}`;
  return parseAddress(of(0)) === undefined ? undefined : { room: Infinity, shared: false, of };
}
