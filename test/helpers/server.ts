/**
 * A real server (parent and workers) in processes of its own, on a configuration file.
 *
 *     const world = await makeWorld({ now: Date.now(), configure: forServer() });
 *     const server = await startServer(t, world.configFile);
 *     const made = await server.client().decide({...});
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { createDecisionClient } from '../../src/api/decision-service/client.ts';
import type { DecisionClient } from '../../src/api/decision-service/client.ts';
import type { BoundAddress } from '../../src/server/worker/channel.ts';
import type { DecisionSummary } from '../../src/server/records/summary.ts';
import { parsePrometheus } from './prometheus.ts';
import type { Sample } from './prometheus.ts';
import type { Document } from './world-document.ts';

/** What the server's process tells. */
export type ServerEvent =
  | { readonly ready: readonly BoundAddress[] }
  | { readonly log: string }
  | { readonly decision: DecisionSummary }
  | { readonly failed: { readonly code: string; readonly message: string } };

/** The parts of `/status` that tests look at. */
export interface Status {
  readonly workers: readonly {
    readonly index: number;
    readonly pid: number;
    readonly ready: boolean;
    readonly restarts: number;
    readonly addresses: readonly string[];
    readonly decisions: number | null;
    readonly configuration: string | null;
    readonly anchors: string | null;
    readonly bundle: string | null;
  }[];
  readonly listeners: readonly BoundAddress[];
  readonly configuration: {
    readonly digest: string;
    readonly restart_needed: readonly string[];
    readonly last_error: { readonly message: string } | null;
  };
  readonly bundle: { readonly digest: string | null; readonly error: string | null };
  readonly crls: readonly {
    readonly issuer: string;
    readonly number: string | null;
    readonly source: string;
  }[];
  readonly sources: readonly {
    readonly kind: string;
    readonly name: string;
    readonly location: string;
    readonly last_success: string | null;
    readonly last_change: string | null;
    readonly stale: boolean;
    readonly failures: number;
    readonly error: { readonly code: string; readonly message: string } | null;
  }[];
  readonly epochs: Readonly<Record<string, number>>;
  readonly clock: {
    readonly trusted: boolean;
    readonly kept: string;
    readonly behind_s: number | null;
    readonly leap: { readonly ahead_s: number; readonly too_far: boolean } | null;
  };
  readonly audit: {
    readonly writable: boolean;
    readonly written: number;
    readonly lost: number;
    readonly kept: { readonly files: number; readonly bytes: number } | null;
  };
  readonly enforcement: {
    readonly observe: { readonly in_force: readonly object[]; readonly passed: number };
    readonly break_glass: { readonly in_force: readonly object[]; readonly passed: number };
  };
}

export interface Server {
  readonly pid: number;
  /** Address of a listener (`local`, `admin`, …) as it was really bound. */
  address(listener: string): string;
  readonly log: readonly string[];
  readonly decisions: readonly DecisionSummary[];
  /** A client of the listener `local`, closed at the test's end. */
  client(timeoutMs?: number): DecisionClient;
  status(): Promise<Status>;
  metrics(): Promise<readonly Sample[]>;
  /** An admin page: its HTTP status and body. */
  page(path: string): Promise<{ readonly status: number; readonly body: string }>;
  signal(signal: NodeJS.Signals): void;
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<number | null>;
  /** Resolves with the exit code once the parent has ended; null after a kill. */
  readonly ended: Promise<number | null>;
}

interface Test {
  teardown(step: () => unknown): void;
}

const entry = join(import.meta.dirname, 'server-process.ts');

/** Turns the world's document into that of a server on free ports; `more` changes it further. */
export function forServer(more?: (document: Document) => void): (document: Document) => void {
  return (document) => {
    document.server = {
      workers: 1,
      // A busy machine must not turn allows into denials for being late.
      budget: '5s',
      drain: '5s',
      listeners: [{ name: 'local', address: '127.0.0.1:0', pep: 'envoy' }],
      admin: { address: '127.0.0.1:0' },
    };
    document.audit = { path: 'audit/decisions.ndjson' };
    more?.(document);
  };
}

/** Starts a server and waits until every worker decides. Rejects with its code and words where it does not start. */
export async function startServer(
  t: Test,
  configFile: string,
  options: {
    readonly env?: Readonly<Record<string, string>>;
    /** Modules that this process and its workers load first. */
    readonly preload?: readonly string[];
    /** Whether to tell of each decision (`decisions`); not where there are millions. */
    readonly decisions?: boolean;
  } = {},
): Promise<Server> {
  const words = options.decisions === false ? ['untold'] : [];
  const child = fork(entry, [configFile, ...words], {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...options.env },
    execArgv: [...process.execArgv, ...(options.preload ?? []).map((module) => `--import=${module}`)],
  });
  const ready = Promise.withResolvers<readonly BoundAddress[]>();
  const ended = Promise.withResolvers<number | null>();
  const log: string[] = [];
  const decisions: DecisionSummary[] = [];
  child.on('message', (event: ServerEvent) => {
    if ('ready' in event) ready.resolve(event.ready);
    else if ('log' in event) log.push(event.log);
    else if ('decision' in event) decisions.push(event.decision);
    else ready.reject(Object.assign(new Error(event.failed.message), { code: event.failed.code }));
  });
  // After `exit`, and after the last of its messages.
  child.on('close', (code) => {
    ended.resolve(code);
    ready.reject(new Error(`the server ended (${code}) before it was ready:\n${log.join('\n')}`));
  });
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended.promise;
  });
  const addresses = await ready.promise;
  const address = (listener: string): string => {
    const found = addresses.find((bound) => bound.listener === listener);
    if (!found) throw new Error(`the server has no listener ${listener}`);
    return found.address;
  };
  const page = async (path: string): Promise<{ status: number; body: string }> => {
    const response = await fetch(`http://${address('admin')}${path}`);
    return { status: response.status, body: await response.text() };
  };
  return {
    pid: child.pid as number,
    address,
    log,
    decisions,
    client: (timeoutMs = 5000) => {
      const client = createDecisionClient(address('local'), { timeoutMs });
      t.teardown(() => client.close());
      return client;
    },
    status: async () => JSON.parse((await page('/status')).body) as Status,
    metrics: async () => parsePrometheus((await page('/metrics')).body),
    page,
    signal: (signal) => void child.kill(signal),
    stop: () => {
      child.kill('SIGTERM');
      return ended.promise;
    },
    ended: ended.promise,
  };
}

/** Waits until something holds; the test's own timeout is the limit. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
